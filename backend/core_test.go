package backend

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-delve/delve/pkg/proc"
	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/testkit"
)

// dumped stops the target in main.step and writes what is there to a core file.
func dumped(t *testing.T) (exe, core string) {
	t.Helper()
	exe = testkit.Target(t, "stops", testkit.Debug)
	s := launchStops(t, testkit.Debug, "loop", "5")
	setBreakWith(t, s, stopsLine(t, "// used"), "i == 3")
	stopAt(t, s.Continue, ReasonBreakpoint)
	core = filepath.Join(t.TempDir(), "core")
	f, err := os.Create(core)
	if err != nil {
		t.Fatal(err)
	}
	var state proc.DumpState
	if s.target.Dump(f, 0, &state); state.Err != nil {
		t.Fatal(state.Err)
	}
	return exe, core
}

func openCore(t *testing.T, exe, core string) *Session {
	t.Helper()
	s, err := OpenCore(context.Background(), exe, core, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// TestCore: all that reads works, and all that needs a process says that there is none.
func TestCore(t *testing.T) {
	exe, core := dumped(t)
	s := openCore(t, exe, core)
	ctx := context.Background()
	if err := s.SelectGoroutine(ctx, 1); err != nil { // a dump does not say which thread had stopped
		t.Fatal(err)
	}
	if got := evalHere(t, s, "i") + " " + evalHere(t, s, "main.total"); got != "3 3" {
		t.Errorf("i and total are %s", got)
	}
	frames, err := s.Stack(ctx, -1, 10)
	if err != nil || len(frames) < 3 || frames[0].Function != "main.step" || frames[1].Function != "main.loop" {
		t.Errorf("stack %v, %v", frames, err)
	}
	locals, err := s.Locals(ctx, Selected, Load{})
	if err != nil || len(locals) != 2 || locals[1].Value != "6" {
		t.Errorf("locals %v, %v", locals, err)
	}
	threads, err := s.Threads(ctx)
	if err != nil || len(threads) == 0 {
		t.Fatalf("threads %v, %v", threads, err)
	}
	found := false
	for _, th := range threads {
		found = found || th.Goroutine.ID == 1 && th.Place.Function == "main.step"
	}
	if !found {
		t.Errorf("no thread runs goroutine 1: %v", threads)
	}
	goroutines, err := s.Goroutines(ctx)
	if err != nil || len(goroutines) < 2 {
		t.Errorf("goroutines %v, %v", goroutines, err)
	}
	v, err := s.Evaluate(ctx, Selected, "main.account", Load{})
	if err != nil {
		t.Fatal(err)
	}
	var word [8]byte
	if err := s.ReadMemory(ctx, v.Addr, word[:]); err != nil {
		t.Error(err)
	}
	if e, err := s.Exception(ctx); e != nil || err != nil {
		t.Errorf("exception %v, %v", e, err)
	}
	if s.Driver() != "" || s.Running() || s.Ended() != nil {
		t.Errorf("driver %q, running %v, ended %v", s.Driver(), s.Running(), s.Ended())
	}
	for name, do := range map[string]func() error{
		"continue":   func() error { _, err := s.Continue(ctx); return err },
		"next":       func() error { _, err := s.Next(ctx); return err },
		"call":       func() error { _, _, err := s.Call(ctx, "main.step(1)"); return err },
		"break":      func() error { _, err := s.Break(ctx, "main.step", ""); return err },
		"watch":      func() error { _, err := s.Watch(ctx, "main.total", Write); return err },
		"watchable":  func() error { _, err := s.Watchable(ctx, "main.total"); return err },
		"catch":      func() error { return s.CatchPanics(ctx, true, true) },
		"followexec": func() error { return s.FollowExec(ctx, true, "") },
		"set":        func() error { return s.Set(ctx, "main.total", "5") },
		"write":      func() error { return s.WriteMemory(ctx, v.Addr, word[:]) },
		"group":      func() error { _, err := s.NewGroup(ctx, []Item{{Expr: "main.total"}}); return err },
	} {
		if err := do(); !errors.Is(err, ErrCore) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.Halt(ctx); err != nil {
		t.Errorf("halt: %v", err)
	}
	if err := s.Kill(ctx); err != nil {
		t.Errorf("kill: %v", err)
	}
	if err := s.Kill(ctx); !errors.Is(err, ErrEnded) {
		t.Errorf("kill again: %v", err)
	}
}

// TestCoreOfTheKernel: one that the kernel has written is at the goroutine that crashed.
func TestCoreOfTheKernel(t *testing.T) {
	testkit.Watchdog(t)
	exe, core := testkit.Crashed(t)
	s := openCore(t, exe, core)
	frames, err := s.Stack(context.Background(), 1, 50)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range frames {
		if f.Function == "main.panics" {
			return
		}
	}
	t.Errorf("main.panics is not on the stack %v", frames)
}

// TestNotACore: what is no core file, or damaged, is said and not crashed on.
func TestNotACore(t *testing.T) {
	exe, core := dumped(t)
	whole, err := os.ReadFile(core)
	if err != nil {
		t.Fatal(err)
	}
	write := func(data []byte) string {
		name := filepath.Join(t.TempDir(), "core")
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	broken := append([]byte(nil), whole...)
	broken[56], broken[57] = 0, 0 // the number of program headers
	ctx := context.Background()
	for name, file := range map[string]string{"text": write([]byte("no core")), "empty": write(nil), "short": write(whole[:1000]), "headers": write(broken), "program": exe} {
		var wrong *TargetError
		if s, err := OpenCore(ctx, exe, file, Options{}); !errors.As(err, &wrong) || wrong.Path != file {
			t.Errorf("%s: %v, %v", name, s, err)
		}
	}
	for _, c := range [][2]string{{exe, "/no/such/core"}, {"/no/such/program", core}} {
		if _, err := OpenCore(ctx, c[0], c[1], Options{}); !errors.Is(err, unix.ENOENT) {
			t.Errorf("%v: %v", c, err)
		}
	}
	var wrong *TargetError
	if _, err := OpenCore(ctx, "/bin/sh", core, Options{}); !errors.As(err, &wrong) {
		t.Errorf("another program: %v", err)
	}
}
