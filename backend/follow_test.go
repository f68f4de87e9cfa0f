package backend

import (
	"context"
	"errors"
	"io"
	"os"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

func follow(t testing.TB, s *Session, regex string) {
	t.Helper()
	if err := s.FollowExec(context.Background(), true, regex); err != nil {
		t.Fatal(err)
	}
}

// TestFollowExec: breakpoints, watchpoints and exceptions work in children, grandchildren
// by a shell, and what the program becomes.
func TestFollowExec(t *testing.T) { eachDriver(t, testFollowExec) }

func testFollowExec(t *testing.T) {
	for _, c := range []struct {
		scenario, count string
		rounds          int // in all processes
		processes       int
	}{{"child", "3", 6, 3}, {"shell", "1", 3, 1}, {"become", "2", 4, 1}} {
		t.Run(c.scenario, func(t *testing.T) {
			ctx := context.Background()
			s := launchStops(t, testkit.Debug, c.scenario, c.count)
			follow(t, s, "")
			b := setBreakWith(t, s, stopsLine(t, "// add"), "")
			rounds, writes := 0, 0
			watched := map[int]*Watchpoint{}
			for ev, err := range s.Run(ctx) {
				if err != nil {
					t.Fatal(err)
				}
				stop, ok := ev.(*Stop)
				if !ok {
					if exit, ok := ev.(*Exit); !ok || exit.Status != 0 {
						t.Errorf("ended with %v", ev)
					}
					continue
				}
				if stop.Reason != ReasonBreakpoint || stop.Breakpoint != b || stop.PID == s.PID() != (c.scenario == "become") {
					t.Fatalf("%v in process %d, breakpoint %v", stop, stop.PID, stop.Breakpoint)
				}
				rounds++
				if i := evalHere(t, s, "i"); (i == "0") != (evalHere(t, s, "main.account.Balance[1]") == "0") && i != "1" {
					t.Errorf("in round %s the balance is %s", i, evalHere(t, s, "main.account.Balance[1]"))
				}
				if watched[stop.PID] == nil || watched[stop.PID].Stats().Reason != "" {
					watched[stop.PID] = setWatch(t, s, "main.account.Balance[1]", Write, Report(func(h *Hit) {
						writes++
						if h.Place.Function != "main.loop" {
							t.Errorf("hit %v", h)
						}
					}))
				}
			}
			if rounds != c.rounds || writes != c.rounds || len(watched) != c.processes {
				t.Errorf("%d rounds and %d writes in %d processes, want %d in %d", rounds, writes, len(watched), c.rounds, c.processes)
			}
		})
	}
}

// TestFollowExecChooses: what does not match, or is not to be followed any more, runs
// without us.
func TestFollowExecChooses(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		name  string
		setup func(s *Session) error
		want  int
	}{
		{"matches", func(s *Session) error { return s.FollowExec(ctx, true, "loop 2$") }, 4},
		{"another", func(s *Session) error { return s.FollowExec(ctx, true, "loop 3$") }, 0},
		{"never", func(s *Session) error { return nil }, 0},
		{"ended", func(s *Session) error {
			return errors.Join(s.FollowExec(ctx, true, ""), s.FollowExec(ctx, false, ""))
		}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := launchStops(t, testkit.Debug, "child", "2")
			if err := c.setup(s); err != nil {
				t.Fatal(err)
			}
			n := 0
			setBreakWith(t, s, "main.step", "", OnReach(func(*Reached) bool { n++; return false }))
			toTheEnd(t, s, 0)
			if n != c.want {
				t.Errorf("%d arrivals, want %d", n, c.want)
			}
		})
	}
	s := launchStops(t, testkit.Debug, "child", "2")
	var wrong *ExprError
	if err := s.FollowExec(ctx, true, "("); !errors.As(err, &wrong) {
		t.Errorf("a bad expression: %v", err)
	}
}

// TestDetachWithChildren: all of them run on to their ends.
func TestDetachWithChildren(t *testing.T) {
	ctx := context.Background()
	testkit.Watchdog(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	s, err := Launch(ctx, LaunchConfig{Path: testkit.Target(t, "stops", testkit.Debug), Args: []string{"child", "2"}, Stdout: w})
	_ = w.Close()
	if err != nil {
		t.Fatal(err)
	}
	follow(t, s, "")
	setBreakWith(t, s, "main.step", "")
	stopAt(t, s.Continue, ReasonBreakpoint)
	if err := s.Detach(ctx); err != nil {
		t.Fatal(err)
	}
	// It gets that far if its children end well.
	if said, err := io.ReadAll(r); err != nil || string(said) != "done\n" {
		t.Errorf("%q, %v", said, err)
	}
}

// TestKillWithChildren: none is left behind.
func TestKillWithChildren(t *testing.T) {
	ctx := context.Background()
	s := launchStops(t, testkit.Debug, "child", "2")
	follow(t, s, "")
	setBreakWith(t, s, "main.step", "")
	stop := stopAt(t, s.Continue, ReasonBreakpoint)
	if stop.PID == s.PID() {
		t.Fatalf("stopped in process %d", stop.PID)
	}
	if list, err := s.Goroutines(ctx); err != nil || len(list) == 0 {
		t.Errorf("goroutines %v, %v", list, err)
	}
	if err := s.Kill(ctx); err != nil {
		t.Fatal(err)
	}
	for _, pid := range []int{s.PID(), stop.PID} {
		// A child of the program's is reaped by whoever inherits it.
		if state := testkit.State(pid); state != 0 && state != 'Z' {
			t.Errorf("process %d is in state %c", pid, state)
		}
	}
}
