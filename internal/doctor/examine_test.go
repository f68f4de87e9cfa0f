package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/perf"
	"github.com/argusdbg/argus/internal/testkit"
	"github.com/argusdbg/argus/ptrace"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// TestExamine runs on this machine, as whoever runs the tests. A machine on
// which Argus's tests run lets Argus watch.
func TestExamine(t *testing.T) {
	testkit.Watchdog(t)
	r := Examine(t.Context())
	t.Logf("%+v", r)
	if !r.OK() || r.Slots != ptrace.Limits().DataSlots || r.SlotBytes != 8 {
		t.Errorf("got %v, %d slots of %d bytes: %s", r.OK(), r.Slots, r.SlotBytes, r.Verdict)
	}
	for _, name := range needed {
		if c := r.Check(name); c.Status != StatusOK {
			t.Errorf("got %+v", c)
		}
	}
	for _, c := range r.Checks {
		if c.Status == StatusUnknown {
			t.Errorf("not found out: %+v", c)
		}
	}
	if r.Check("no such") != nil {
		t.Error("found a check that is not there")
	}
	_, noGo := exec.LookPath("go")
	if c := r.Check(checkGo); (c.Status == StatusOK) != (noGo == nil) {
		t.Errorf("go in PATH: %v; got %+v", noGo, c)
	}
	// What this is for: a kernel that has it, and nothing that forbids it.
	h := thisHost()
	if level, _ := h.sysctl(paranoid); level <= 2 && h.since(5, 13) && !h.filtered() && r.Check(checkDriver).Status != StatusOK {
		t.Errorf("%s, got %+v", h.setting(paranoid), r.Check(checkDriver))
	}
	if h.arch == "amd64" && h.since(6, 7) && !h.filtered() && r.Check(checkProof).Status != StatusOK {
		t.Errorf("Linux %s, got %+v", h.release, r.Check(checkProof))
	}
	if os.Geteuid() == 0 {
		if h.arch == "amd64" && h.since(5, 8) && !h.filtered() && r.Check(checkSafe).Status != StatusOK {
			t.Errorf("as root, got %+v", r.Check(checkSafe))
		}
		return
	}
	// What the kernel's documentation of these settings denies an ordinary user.
	for _, name := range []string{checkBPF, checkSafe} {
		if c := r.Check(name); c.Status != StatusMissing {
			t.Errorf("got %+v", c)
		}
	}
	if level, _ := h.sysctl(paranoid); level >= 2 && r.Check(checkPerf).Status == StatusOK {
		t.Errorf("%s, got %+v", h.setting(paranoid), r.Check(checkPerf))
	}
	if v, known := h.sysctl(unprivilegedUserfaultfd); known && v == 0 && r.Check(checkUserfaultfd).Status == StatusOK {
		t.Errorf("%s, got %+v", h.setting(unprivilegedUserfaultfd), r.Check(checkUserfaultfd))
	}
}

// TestExamineOrdinary runs the test above again as a user without privileges.
func TestExamineOrdinary(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("TestExamine runs as an ordinary user already")
	}
	const nobody = 65534
	// By way of /proc, because folders above the binary may be closed to that user.
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run=^TestExamine$", "-test.v")
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestNothingLeft(t *testing.T) {
	testkit.Watchdog(t)
	Examine(t.Context()) // whatever the runtime opens once
	threads, files := tasks(t), descriptors(t)
	for range 20 {
		Examine(t.Context())
	}
	if got := descriptors(t); got != files {
		t.Errorf("%d descriptors before, %d after", files, got)
	}
	if got := tasks(t); got > threads+4 { // the runtime starts some of its own; a leak would be 40
		t.Errorf("%d threads before, %d after", threads, got)
	}
	if pid, err := unix.Wait4(-1, nil, unix.WNOHANG|unix.WALL, nil); !errors.Is(err, unix.ECHILD) {
		t.Errorf("child %d is left (%v)", pid, err)
	}
}

func TestExamineCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := Examine(ctx)
	if r.OK() {
		t.Errorf("found out without trying: %s", r.Verdict)
	}
	for _, name := range []string{checkPtrace, checkSlots, checkHits, checkPerf, checkGo} {
		if c := r.Check(name); c.Status != StatusUnknown {
			t.Errorf("got %+v", c)
		}
	}
}

func TestNoProgram(t *testing.T) {
	if p := findProgram(fake(nil)); p != nil {
		t.Errorf("found %v where nothing is", p)
	}
	if p := findProgram(fake(map[string]string{"bin/sh": ""})); p == nil || p.path != "/bin/sh" {
		t.Errorf("got %v", p)
	}
	if o := attemptChild(t.Context(), nil, ptrace.Limits()); !errors.Is(o.launch, errNoProgram) {
		t.Errorf("got %v", o.launch)
	}
	bad := &program{path: "/no/such/program"}
	if o := attemptChild(t.Context(), bad, ptrace.Limits()); !errors.Is(o.launch, unix.ENOENT) {
		t.Errorf("got %v", o.launch)
	}
}

// TestForeignUser has somebody else hold slots of the child.
func TestForeignUser(t *testing.T) {
	all := ptrace.Limits().DataSlots
	for held := 1; held <= all; held++ {
		t.Run(strconv.Itoa(held), func(t *testing.T) {
			var o childOutcome
			o.launch = withChild(anyProgram(t), func(g *ptrace.Tracees, child *ptrace.Process) {
				th := child.Threads()[0]
				regs, err := th.Registers()
				if err != nil {
					t.Error(err)
					return
				}
				for range held {
					e, err := perf.Open(child.PID, argumentPoints(regs.SP(), ptrace.Limits())[0], perf.Options{Disabled: true})
					if err != nil {
						t.Errorf("open an event: %v", err)
						return
					}
					defer e.Close()
				}
				o.slots, o.slot = countSlots(th, argumentPoints(regs.SP(), ptrace.Limits()))
			})
			if o.launch != nil || t.Failed() {
				t.Fatal(o.launch)
			}
			if o.slots != all-held || !errors.Is(o.slot, ptrace.ErrNoSlot) {
				t.Errorf("got %d slots, %v", o.slots, o.slot)
			}
			want := StatusLimited
			if held == all {
				want = StatusMissing
			}
			if c := thisHost().judgeSlots(ptrace.Limits(), o); c.Status != want {
				t.Errorf("got %+v", c)
			}
		})
	}
}

// TestAwaitHit has programs that never hit: one that ends, one that does not.
func TestAwaitHit(t *testing.T) {
	testkit.Watchdog(t)
	await := func(p *program, timeout time.Duration) (hit error) {
		ctx, cancel := context.WithTimeout(t.Context(), timeout)
		defer cancel()
		if err := withChild(p, func(g *ptrace.Tracees, child *ptrace.Process) {
			hit = awaitHit(ctx, g, child.Threads()[0])
		}); err != nil {
			t.Error(err)
		}
		return hit
	}
	if err := await(anyProgram(t), time.Minute); !errors.Is(err, errNoHit) {
		t.Errorf("got %v", err)
	}
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	if err := await(&program{sleep, []string{"1000"}}, 50*time.Millisecond); !errors.Is(err, errTimeout) {
		t.Errorf("got %v", err)
	}
}

// TestPrograms holds each program that Examine may use and sees it hit.
func TestPrograms(t *testing.T) {
	testkit.Watchdog(t)
	h := thisHost()
	tried := 0
	for _, p := range programs {
		if !h.exists(p.path[1:]) {
			continue
		}
		tried++
		o := attemptChild(t.Context(), &p, ptrace.Limits())
		if o.launch != nil || o.hit != nil || o.slots != ptrace.Limits().DataSlots {
			t.Errorf("%s: %+v", p.path, o)
		}
	}
	if tried == 0 {
		t.Error("none of the programs is here")
	}
}

// TestChild: nothing of the caller's gets to the child.
func TestChild(t *testing.T) {
	err := withChild(anyProgram(t), func(_ *ptrace.Tracees, child *ptrace.Process) {
		dir := fmt.Sprintf("/proc/%d/", child.PID)
		if env, err := os.ReadFile(dir + "environ"); len(env) != 0 || err != nil {
			t.Errorf("its environment: %q, %v", env, err)
		}
		for _, link := range []string{"fd/0", "fd/1", "fd/2"} {
			if to, err := os.Readlink(dir + link); to != os.DevNull {
				t.Errorf("%s leads to %s, %v", link, to, err)
			}
		}
		if wd, err := os.Readlink(dir + "cwd"); wd != "/" {
			t.Errorf("it works in %s, %v", wd, err)
		}
		if group, err := unix.Getpgid(child.PID); group != child.PID {
			t.Errorf("its process group is %d, %v", group, err)
		}
	})
	if err != nil {
		t.Error(err)
	}
}

func anyProgram(t *testing.T) *program {
	t.Helper()
	p := findProgram(thisHost())
	if p == nil {
		t.Fatal(errNoProgram)
	}
	return p
}

func descriptors(t *testing.T) int { return entries(t, "/proc/self/fd") }

func tasks(t *testing.T) int { return entries(t, "/proc/self/task") }

func entries(t *testing.T, dir string) int {
	t.Helper()
	es, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return len(es)
}
