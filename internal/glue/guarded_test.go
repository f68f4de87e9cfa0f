package glue

import (
	"errors"
	"testing"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/guard"
	"github.com/argusdbg/argus/internal/lanes"
)

// variable finds a package variable of the program.
func variable(t *testing.T, tgt *proc.Target, name string) *proc.Variable {
	t.Helper()
	scope, err := proc.ThreadScope(tgt, tgt.CurrentThread())
	if err != nil {
		t.Fatal(err)
	}
	v, err := scope.EvalExpression(name, proc.LoadConfig{})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// writes is an Observer of writes to guarded pages.
type writes struct {
	NoObserver
	told func(th *Thread, w *guard.Write) *proc.Breakpoint
}

func (o *writes) Wrote(_ *Process, th *Thread, w *guard.Write) *proc.Breakpoint { return o.told(th, w) }

// guardVariable puts a variable behind a guard, where the machine lets us.
func guardVariable(t *testing.T, p *Process, v *proc.Variable) {
	t.Helper()
	e := &lanes.Entry{Name: v.Name, Addr: v.Addr, Size: uint64(v.RealType.Size())}
	var forbidden *guard.NotPermittedError
	if err := p.AddWatch(lanes.Config{Name: e.Name, Entries: []*lanes.Entry{e}, Exact: true}); errors.As(err, &forbidden) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
}

// TestWrote: every write to a guarded variable is told of, and can stop the program; Delve
// steps over them.
func TestWrote(t *testing.T) {
	o := &writes{}
	grp := launchObserved(t, o, "fields", "20")
	tgt := grp.Selected
	p := tgt.Process.(*Process)
	a, b := variable(t, tgt, "main.pair.A"), variable(t, tgt, "main.pair.B")
	guardVariable(t, p, a)
	stop := &proc.Breakpoint{Logical: &proc.LogicalBreakpoint{HitCount: map[int64]uint64{}}}
	stop.Breaklets = []*proc.Breaklet{{Kind: proc.UserBreakpoint}}
	count := map[uint64]int{}
	o.told = func(th *Thread, w *guard.Write) *proc.Breakpoint {
		if th == nil || w.Unseen {
			t.Errorf("%+v", w)
			return nil
		}
		for _, addr := range w.Addrs {
			count[addr]++
			if addr == b.Addr && count[addr]%5 == 0 {
				return stop
			}
		}
		return nil
	}
	stops, steps := 0, 0
	for {
		err := grp.Continue()
		var exited proc.ErrProcessExited
		if errors.As(err, &exited) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		stops++
		for range 3 {
			if err := grp.StepInstruction(false); err != nil {
				t.Fatal(err)
			}
			steps++
		}
		if stops > 100 {
			t.Fatal("does not end")
		}
	}
	if count[a.Addr] != 20 || count[b.Addr] != 20 || stops != 4 {
		t.Errorf("%d writes to A, %d to B, want 20; %d stops, want 4", count[a.Addr], count[b.Addr], stops)
	}
}
