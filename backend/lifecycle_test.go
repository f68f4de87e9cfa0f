package backend

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// running starts a scenario outside of any debugger and returns when it has said that
// it runs.
func running(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	testkit.Watchdog(t)
	cmd, line := testkit.Start(t, testkit.Scenarios(t, testkit.Debug), args...)
	if line != "ready\n" {
		t.Fatalf("the target says %q", line)
	}
	return cmd
}

func attach(t testing.TB, pid int) *Session {
	t.Helper()
	s, err := Attach(context.Background(), pid, testOptions())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func TestEnds(t *testing.T) { eachDriver(t, testEnds) }

func testEnds(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"exit", "0"}, "exit status 0"},
		{[]string{"exit", "3"}, "exit status 3"},
		{[]string{"exitinside", "9"}, "exit status 9"},
		{[]string{"leader", "5"}, "exit status 7"},
		{[]string{"kill"}, "killed by SIGKILL"},
		{[]string{"panic"}, "exit status 2"},
	} {
		t.Run(c.args[0], func(t *testing.T) {
			s := launch(t, testkit.Debug, c.args...)
			setWatch(t, s, "main.x", Write, Report(func(*Hit) {}))
			ev, err := s.Continue(context.Background())
			if err != nil || ev.String() != c.want {
				t.Fatalf("%v, %v; want %s", ev, err, c.want)
			}
			if s.Ended() != ev {
				t.Errorf("Ended is %v", s.Ended())
			}
			if _, err := s.Continue(context.Background()); !errors.Is(err, ErrEnded) {
				t.Errorf("Continue after the end: %v", err)
			}
			if _, err := s.Watch(context.Background(), "main.x", Write); !errors.Is(err, ErrEnded) {
				t.Errorf("Watch after the end: %v", err)
			}
		})
	}
}

func TestKilledFromOutside(t *testing.T) { eachDriver(t, testKilledFromOutside) }

func testKilledFromOutside(t *testing.T) {
	s := launch(t, testkit.Debug, "forever")
	n := 0
	setWatch(t, s, "main.x", Write, Report(func(*Hit) {
		if n++; n == 100 {
			_ = syscall.Kill(s.PID(), syscall.SIGKILL)
		}
	}))
	ev, err := s.Continue(context.Background())
	if exit, ok := ev.(*Exit); err != nil || !ok || exit.Signal != "SIGKILL" || exit.Status != 137 {
		t.Fatalf("%v, %v", ev, err)
	}
}

func TestExecEndsTheSession(t *testing.T) {
	s := launch(t, testkit.Debug, "exec", "20")
	w := setWatch(t, s, "main.x", Write, Report(func(*Hit) {}))
	ev, err := s.Continue(context.Background())
	exec, ok := ev.(*Exec)
	if err != nil || !ok || exec.PID != s.PID() || !strings.Contains(exec.Path, "scenarios") {
		t.Fatalf("%v, %v", ev, err)
	}
	if st := w.Stats(); st.Hits != 20 {
		t.Errorf("%d hits before the exec, want 20", st.Hits)
	}
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	for _, ctx := range []context.Context{context.Background(), context.Background(), gone} {
		if exit := exec.Wait(ctx); exit == nil || exit.Status != 3 || exit.Signal != "" {
			t.Errorf("the new program: %v", exit)
		}
	}
}

func TestPanicIsCaught(t *testing.T) {
	testkit.Watchdog(t)
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	s, err := Launch(context.Background(), LaunchConfig{Path: testkit.Scenarios(t, testkit.Debug), Args: []string{"panic"},
		Stdout: null, Stderr: null, Options: Options{CatchPanics: true}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ev, err := s.Continue(context.Background())
	if stop, ok := ev.(*Stop); err != nil || !ok || stop.Reason != ReasonPanic {
		t.Fatalf("%v, %v", ev, err)
	}
	toTheEnd(t, s, 2)
}

// TestDetachLeavesNoScratch: after a detach at any moment the target runs on.
func TestDetachLeavesNoScratch(t *testing.T) { eachDriver(t, testDetachLeavesNoScratch) }

func testDetachLeavesNoScratch(t *testing.T) {
	rounds := 200
	switch {
	case testing.Short():
		rounds = 4
	case testDriver != "perf-safe": // which an attached process has by itself
		rounds = 60
	}
	cmd := running(t, "forever")
	var last int64
	for round := range rounds {
		s := attach(t, cmd.Process.Pid)
		seen := make(chan int64, 1)
		w := setWatch(t, s, "main.x", Write, Report(func(h *Hit) {
			v, _ := h.New.Int()
			select {
			case seen <- v:
			default:
			}
		}))
		if _, err := s.Break(context.Background(), "main.opaque", ""); err != nil {
			t.Fatal(err)
		}
		ended := make(chan Event, 1)
		go func() {
			ev, err := s.Continue(context.Background())
			if err != nil {
				t.Error(err)
			}
			ended <- ev
		}()
		v := <-seen // it writes, and it is seen
		if v <= last {
			t.Fatalf("round %d: x is %d, was %d before: the target does not run between sessions", round, v, last)
		}
		last = v
		if err := s.Detach(context.Background()); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if ev, ok := (<-ended).(*Detached); !ok {
			t.Fatalf("round %d: the run ended with %v", round, ev)
		}
		if st := w.Stats(); st.Hits == 0 || st.Coverage != Exact {
			t.Fatalf("round %d: %d hits, %s (%s)", round, st.Hits, st.Coverage, st.Reason)
		}
		if state := testkit.State(cmd.Process.Pid); state == 't' || state == 'T' || state == 0 || state == 'Z' {
			t.Fatalf("round %d: the target is left in state %q", round, state)
		}
	}
}

// TestSoak: sessions leak nothing.
func TestSoak(t *testing.T) { eachDriver(t, testSoak) }

func testSoak(t *testing.T) {
	rounds := 500 / len(drivers)
	if testing.Short() {
		rounds = 5
	}
	cmd := running(t, "forever")
	round := func() {
		s, err := Attach(context.Background(), cmd.Process.Pid, testOptions())
		if err != nil {
			t.Fatal(err)
		}
		hit := make(chan struct{}, 1)
		setWatch(t, s, "main.x", Write, Report(func(*Hit) {
			select {
			case hit <- struct{}{}:
			default:
			}
		}))
		done := make(chan struct{})
		go func() {
			defer close(done)
			if _, err := s.Continue(context.Background()); err != nil {
				t.Error(err)
			}
		}()
		<-hit
		if err := s.Detach(context.Background()); err != nil {
			t.Fatal(err)
		}
		<-done
	}
	for range 5 {
		round() // the runtime's own threads, once
	}
	before := testkit.Used(t)
	before.Threads += 3 // the Go runtime keeps threads for later
	for range rounds {
		round()
	}
	testkit.NoMoreThan(t, before)
	// No slot has leaked either: all four are still to be had.
	s := attach(t, cmd.Process.Pid)
	for _, e := range []string{"main.x", "main.pair.A", "main.pair.B", "main.quiet"} {
		setWatch(t, s, e, Write)
	}
}

// TestContextHalts: the end of a context stops the program and says so.
func TestContextHalts(t *testing.T) {
	s := launch(t, testkit.Debug, "forever")
	ctx, cancel := context.WithCancel(context.Background())
	setWatch(t, s, "main.x", Write, Every(50), Report(func(*Hit) { cancel() }))
	ev, err := s.Continue(ctx)
	if stop, ok := ev.(*Stop); !ok || stop.Reason != ReasonHalted || !errors.Is(err, context.Canceled) {
		t.Fatalf("%v, %v", ev, err)
	}
	if _, err := s.Threads(context.Background()); err != nil {
		t.Errorf("after the halt: %v", err)
	}
}

// TestConcurrentUse: whatever several goroutines ask of a program that runs, each gets an
// answer, and the run goes on.
func TestConcurrentUse(t *testing.T) { eachDriver(t, testConcurrentUse) }

func testConcurrentUse(t *testing.T) {
	s := launch(t, testkit.Debug, "forever")
	ctx := context.Background()
	ready := make(chan struct{})
	var once sync.Once
	setWatch(t, s, "main.x", Write, Report(func(*Hit) { once.Do(func() { close(ready) }) }))
	ran := make(chan error, 1)
	go func() { // whoever halts the program does not keep it
		for {
			if _, err := s.Continue(ctx); err != nil {
				ran <- err
				return
			}
		}
	}()
	<-ready
	var workers sync.WaitGroup
	for _, work := range []func() error{
		func() error {
			w, err := s.Watch(ctx, "main.pair.A", Write)
			if err != nil {
				return err
			}
			return w.Remove(ctx)
		},
		func() error {
			if text, err := s.Eval(ctx, "main.name"); err != nil || text != `"argus"` {
				return fmt.Errorf("main.name = %s, %w", text, err)
			}
			return nil
		},
		func() error { return s.Halt(ctx) },
		func() error {
			if gs, err := s.Goroutines(ctx); err != nil || len(gs) == 0 {
				return fmt.Errorf("%d goroutines, %w", len(gs), err)
			}
			return nil
		},
	} {
		workers.Go(func() {
			for range 25 {
				if err := work(); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	workers.Wait()
	if err := s.Kill(ctx); err != nil {
		t.Error(err)
	}
	if err := <-ran; !errors.Is(err, ErrEnded) {
		t.Error(err)
	}
}

// TestSeveralSessions in one process, and children of its own beside them.
func TestSeveralSessions(t *testing.T) { eachDriver(t, testSeveralSessions) }

func testSeveralSessions(t *testing.T) {
	testkit.Watchdog(t)
	path := testkit.Scenarios(t, testkit.Debug)
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			if i%2 == 1 { // an ordinary child
				for range 10 {
					if err := exec.Command(path, "atomics", "100").Run(); err != nil {
						t.Error(err)
					}
				}
				return
			}
			s := launchPath(t, path, "atomics", "300")
			w := setWatch(t, s, "main.counter.v", Write, Report(func(*Hit) {}))
			toTheEnd(t, s, 0)
			if st := w.Stats(); st.Hits != 1200 {
				t.Errorf("session %d: %d hits", i, st.Hits)
			}
		})
	}
	wg.Wait()
}

func TestAttachErrors(t *testing.T) {
	cmd := running(t, "forever")
	first := attach(t, cmd.Process.Pid)
	_ = first
	gone := exec.Command("/bin/true")
	if err := gone.Run(); err != nil {
		t.Skip("no /bin/true")
	}
	for _, c := range []struct {
		pid  int
		want string
	}{
		{cmd.Process.Pid, "traces it already"},
		{gone.Process.Pid, "no such process"},
		{os.Getpid(), "cannot trace itself"},
	} {
		_, err := Attach(context.Background(), c.pid, Options{})
		var ae *AttachError
		if !errors.As(err, &ae) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("attach to %d: %v, want %q", c.pid, err, c.want)
		}
	}
}

func TestNotForUs(t *testing.T) {
	testkit.Watchdog(t)
	c := testkit.C(t, "hello", `int main(void) { return 0; }`, "-g")
	before := testkit.Used(t)
	before.Threads = testkit.Any
	_, err := Launch(context.Background(), LaunchConfig{Path: c})
	var te *TargetError
	if !errors.As(err, &te) || !strings.Contains(err.Error(), "not a Go program") {
		t.Errorf("C program: %v", err)
	}
	stripped := t.TempDir() + "/stripped"
	if out, err := exec.Command("go", "build", "-ldflags=-s -w", "-o", stripped, "../internal/testkit/targets/scenarios").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if _, err := Launch(context.Background(), LaunchConfig{Path: stripped}); !errors.As(err, &te) || !strings.Contains(err.Error(), "stripped") {
		t.Errorf("stripped program: %v", err)
	}
	var le *LaunchError
	for _, path := range []string{"/nonexistent/program", "/etc/passwd", t.TempDir()} {
		if _, err := Launch(context.Background(), LaunchConfig{Path: path}); !errors.As(err, &le) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := Launch(context.Background(), LaunchConfig{Path: c, Dir: "/nonexistent"}); !errors.As(err, &le) {
		t.Errorf("directory: %v", err)
	}
	testkit.NoMoreThan(t, before)
}

func TestNotWatchable(t *testing.T) {
	s := launch(t, testkit.Debug, "twice", "1")
	for expr, want := range map[string]string{
		"main.xs":         "no variable main.xs; did you mean main.x?",
		"main.one":        "constant",
		"main.x + 1":      "without an address",
		"&main.x":         "without an address",
		"5":               "a number",
		"main.x +":        "not a Go expression",
		"*(*int64)(0x10)": "cannot be read",
		"main.numbers[7]": "index",
		"main.pair.C":     "has no member C",
		"main.twice":      "",
		"[]int{1}":        "",
	} {
		_, err := s.Watch(context.Background(), expr, Write)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v; want %q in one line", expr, err, want)
		}
	}
	if _, err := s.Watch(context.Background(), "main.x", Read); err == nil || !strings.Contains(err.Error(), "read-write") {
		t.Errorf("read-only: %v", err)
	}
	if _, err := s.Watch(context.Background(), "main.x", Write, If("main.x >")); err == nil {
		t.Error("a broken condition was taken")
	}
	if _, err := s.Watch(context.Background(), "main.x", Write, If("main.x + 1")); err == nil || !strings.Contains(err.Error(), "not true or false") {
		t.Errorf("a condition that is a number: %v", err)
	}
	for _, expr := range []string{"main.numbers[1]", "*main.ptr", "main.array[3]", "main.odd.V", "main.fraction", "main.ready"} {
		w := setWatch(t, s, expr, Write)
		if err := w.Remove(context.Background()); err != nil {
			t.Error(err)
		}
	}
}

// TestUnknownGoVersion: a program of a Go that is not known is refused, unless it is asked
// for.
func TestUnknownGoVersion(t *testing.T) {
	testkit.Watchdog(t)
	path := t.TempDir() + "/future"
	build := exec.Command("go", "build", "-buildvcs=false", "-ldflags=-compressdwarf=false", "-o", path, "../internal/testkit/targets/scenarios")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	program, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	producer := regexp.MustCompile(`(Go cmd/compile go1)\.\d\d`)
	if !producer.Match(program) {
		t.Fatal("no producer in the debug information")
	}
	if err := os.WriteFile(path, producer.ReplaceAll(program, []byte("$1.99")), 0o755); err != nil {
		t.Fatal(err)
	}
	_, err = Launch(context.Background(), LaunchConfig{Path: path, Args: []string{"exit", "0"}})
	var te *TargetError
	if !errors.As(err, &te) || !strings.Contains(err.Error(), "not known to work") || strings.Contains(err.Error(), "\n") {
		t.Errorf("%v", err)
	}
	s, err := Launch(context.Background(), LaunchConfig{Path: path, Args: []string{"exit", "0"}, Options: Options{AnyGoVersion: true}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	setWatch(t, s, "main.x", Write)
	toTheEnd(t, s, 0)
}
