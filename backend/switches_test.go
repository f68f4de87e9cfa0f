package backend

import (
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/bpfhit"
	"github.com/argusdbg/argus/internal/glue"
	"github.com/argusdbg/argus/internal/gprobe"
	"github.com/argusdbg/argus/internal/testkit"
)

// toolchains are those that the runtime's scheduler is known of.
var toolchains = []string{"go1.24.9", "go1.25.5", ""}

// TestSwitchesByGM holds what tells of switches against the runtime's own account: g.m is
// written when a goroutine gets a thread, and when it loses it, in whatever way (FACTS E1).
// Each time that it gets one, the switch is told of before it is lost, on the same thread.
func TestSwitchesByGM(t *testing.T) {
	for _, toolchain := range toolchains {
		builds := testkit.Modes
		if _, err := exec.LookPath("gcc"); toolchain == "" && err == nil { // which the race detector needs
			builds = append(slices.Clone(builds), testkit.Race)
		}
		for _, build := range builds {
			for _, mode := range []string{"mixed", "coroutines", "locked", "calls"} {
				if (toolchain != "" || build == testkit.Race) && (mode == "locked" || mode == "calls") {
					continue // mixed has them too
				}
				for _, way := range []string{glue.SwitchesByHook, glue.SwitchesByProbe} {
					t.Run(strings.Join([]string{toolchain, string(build), mode, way}, "/"), func(t *testing.T) {
						switchesByGM(t, way, testkit.TargetBy(t, toolchain, "tasks", build), mode)
					})
				}
			}
		}
	}
}

func switchesByGM(t *testing.T, way, path, mode string) {
	const workers = 6
	testAnyVersion = true
	defer func() { testAnyVersion = false }()
	s := tasks(t, path, mode, workers, 150*time.Millisecond)
	g, err := s.liveGoroutine(numbers(t, s, "main.ids", workers)[2])
	if err != nil {
		t.Fatal(err)
	}
	var gets, told, wrong int
	on, heard := 0, true // the thread that it got last, and whether that has been told of
	setWatch(t, s, fmt.Sprintf("(*(*runtime.g)(%#x)).m", g.Addr), Write, Report(func(h *Hit) {
		if !heard {
			wrong++
		}
		m, _ := h.New.Int()
		if heard = m == 0; !heard {
			gets++
			on = h.Thread
		}
	}))
	var switches *glue.Switches
	if err := s.do(t.Context(), func() (err error) {
		switches, err = s.process.FollowSwitches(way, glue.SwitchObserver{
			Gobuf: s.goroutines.Sched(),
			Comes: func(th *glue.Thread, at uint64) *proc.Breakpoint {
				told++
				if at != g.Addr || th.ThreadID() != on {
					wrong++
				}
				heard = true
				return nil
			},
			Ends:    func(*glue.Thread, uint64) *proc.Breakpoint { return nil },
			Running: func(th *glue.Thread) uint64 { return s.userOn(th) },
		})
		if err == nil {
			err = switches.Want(g.Addr)
		}
		return err
	}); err != nil {
		var denied *bpfhit.PermissionError
		if way == glue.SwitchesByProbe && (errors.As(err, &denied) || gprobe.Supported() != nil) {
			t.Skip(err)
		}
		t.Fatal(err)
	}
	stopAt(t, s.Continue, ReasonBreakpoint)
	if !heard && !runs(t, s, on, g.Addr) {
		gets, heard = gets-1, true // what stopped the program came before the switch
	}
	if wrong != 0 || gets == 0 || told < gets || !heard {
		t.Errorf("%d times it got a thread, %d were told of, %d of them wrong", gets, told, wrong)
	}
	t.Logf("%d times it got a thread, %d were told of", gets, told)
	if err := s.do(t.Context(), switches.Close); err != nil {
		t.Fatal(err)
	}
}

// runs reports whether a stopped thread has switched to a goroutine.
func runs(t *testing.T, s *Session, thread int, g uint64) (yes bool) {
	t.Helper()
	if err := s.do(t.Context(), func() error {
		th, ok := s.process.FindThread(thread)
		if !ok {
			return nil
		}
		regs, err := th.(*glue.Thread).Held().Registers()
		if err != nil {
			return err
		}
		yes = s.gPointer(regs) == g
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return yes
}
