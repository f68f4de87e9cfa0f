package cond

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/glue"
	"github.com/argusdbg/argus/internal/goroutine"
	"github.com/argusdbg/argus/internal/lanes"
	"github.com/argusdbg/argus/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// stopped is a program that is stopped at a place, and Delve's view of the thread there.
type stopped struct {
	t      testing.TB
	target *proc.Target
	th     proc.Thread
	scope  *proc.EvalScope
	in     Input

	drawn, compiled int // conditions
}

// stopAt starts a target and stops it at the line with a mark.
func stopAt(t testing.TB, mode testkit.Mode, target, mark string) *stopped {
	t.Helper()
	testkit.Watchdog(t)
	driver, err := lanes.Choose("ptrace", false, false)
	if err != nil {
		t.Fatal(err)
	}
	g, err := glue.LaunchObserved(glue.LaunchConfig{Path: testkit.Target(t, target, mode), Args: []string{target}, Slots: lanes.Options{Driver: driver}}, glue.NoObserver{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Targets.Detach(true) })
	s := &stopped{t: t, target: g.Targets.Selected}
	file, line := marked(t, s.target, target, mark)
	pcs, err := proc.FindFileLocation(s.target, file, line)
	if err != nil || len(pcs) == 0 {
		t.Fatalf("%s:%d: %v", file, line, err)
	}
	for _, pc := range pcs {
		if _, err := s.target.SetBreakpoint(1, pc, proc.UserBreakpoint, nil); err != nil {
			t.Fatal(err)
		}
	}
	g.Begin()
	if err := g.Targets.Continue(); err != nil {
		t.Fatal(err)
	}
	s.th = s.target.CurrentThread()
	s.renew()
	var regs Registers
	for n := range numRegisters {
		regs[n] = s.scope.Regs.Uint64Val(uint64(n))
	}
	s.in = Input{Regs: &regs, Memory: s.target.Memory(), Thread: s.th.ThreadID(), Runtime: s}
	return s
}

// renew makes Delve forget what it has read.
func (s *stopped) renew() {
	s.target.ClearCaches()
	var err error
	if s.scope, err = proc.GoroutineScope(s.target, s.th); err != nil {
		s.t.Fatal(err)
	}
}

func marked(t testing.TB, target *proc.Target, name, mark string) (file string, line int) {
	for _, file := range target.BinInfo().Sources {
		if !strings.HasSuffix(file, "/targets/"+name+"/main.go") {
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, text := range strings.Split(string(data), "\n") {
			if strings.HasSuffix(text, "// here: "+mark) {
				return file, i + 1
			}
		}
	}
	t.Fatalf("no line of %s is marked %s", name, mark)
	return "", 0
}

func (s *stopped) GoroutineID() int64 {
	r, err := goroutine.New(s.target.BinInfo())
	if err != nil {
		s.t.Fatal(err)
	}
	g, err := proc.GetG(s.th)
	if err != nil {
		return 0
	}
	v, err := s.scope.EvalExpression("&runtime.curg", proc.LoadConfig{})
	if err != nil {
		s.t.Fatal(err)
	}
	info, err := r.Read(s.target.Memory(), v.Children[0].Addr)
	if err != nil || info.ID != g.ID {
		s.t.Fatalf("goroutine %d, for Delve %d: %v", info.ID, g.ID, err)
	}
	return info.ID
}

func (s *stopped) Scope() (*proc.EvalScope, error) { return s.scope, nil }

func (s *stopped) Evaluate(expr string) (bool, error) {
	v, err := s.scope.EvalExpression(expr, proc.LoadConfig{MaxStringLen: 1 << 10})
	switch {
	case err != nil:
		return false, err
	case v.Unreadable != nil:
		return false, v.Unreadable
	case v.Value == nil || v.Value.Kind().String() != "Bool":
		return false, errNoBool
	}
	return v.Value.ExactString() == "true", nil
}

var errNoBool = errors.New("not true or false")

// answer is what a program gives: an answer, a fault, or why there is none.
func (s *stopped) answer(expr string) string {
	p, err := Compile(expr, s.scope, nil)
	if err != nil {
		return "not compiled: " + reason(err)
	}
	ok, err := p.Eval(&s.in)
	if err != nil {
		return "fault: " + err.Error()
	}
	return fmt.Sprint(ok)
}

var fully = proc.LoadConfig{MaxStringLen: 1 << 10}
