package glue

import (
	"errors"
	"testing"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/hwbp"
	"github.com/argusdbg/argus/internal/guard"
	"github.com/argusdbg/argus/internal/lanes"
)

// hookAll puts a hook at each instruction of a function.
func hookAll(t *testing.T, tgt *proc.Target, function string, reached func(th *Thread) (*proc.Breakpoint, func())) (hooks []*Hook) {
	t.Helper()
	fns, err := tgt.BinInfo().FindFunction(function)
	if err != nil {
		t.Fatal(err)
	}
	text, err := proc.Disassemble(tgt.Memory(), nil, tgt.Breakpoints(), tgt.BinInfo(), fns[0].Entry, fns[0].End)
	if err != nil {
		t.Fatal(err)
	}
	p := tgt.Process.(*Process)
	for _, i := range text {
		h := &Hook{Addr: i.Loc.PC, Reached: reached}
		if err := p.AddHook(h); err != nil {
			t.Fatal(err)
		}
		hooks = append(hooks, h)
	}
	return hooks
}

// hitter is an Observer of hits in slots.
type hitter struct {
	NoObserver
	hits map[string]int
}

func (o *hitter) Hit(_ *Thread, entries []*lanes.Entry) *proc.Breakpoint {
	for _, e := range entries {
		o.hits[e.Name]++
	}
	return nil
}

// ways are what Reached can want of a thread that is to run on.
func ways(reached *int) map[string]func(*Thread) (*proc.Breakpoint, func()) {
	return map[string]func(*Thread) (*proc.Breakpoint, func()){
		"nothing": func(*Thread) (*proc.Breakpoint, func()) { *reached++; return nil, nil },
		"a stop of all": func(*Thread) (*proc.Breakpoint, func()) {
			return nil, func() { *reached++ }
		},
	}
}

// TestHookOnStore: a hooked instruction that writes what a slot watches is a hit.
func TestHookOnStore(t *testing.T) {
	for _, name := range []string{lanes.DriverPerf, lanes.DriverPtrace} {
		driver, err := lanes.Choose(name, false, false)
		if err != nil {
			t.Logf("skipped: %v", err)
			continue
		}
		reached := 0
		for name, way := range ways(&reached) {
			t.Run(driver.Name()+"/"+name, func(t *testing.T) {
				reached = 0
				o := &hitter{hits: map[string]int{}}
				grp := launchWith(t, lanes.Options{Driver: driver}, o, "fields", "20")
				p := grp.Selected.Process.(*Process)
				for _, name := range []string{"main.pair.A", "main.pair.B"} {
					e := &lanes.Entry{Name: name, Points: []hwbp.Point{{Addr: variable(t, grp.Selected, name).Addr, Len: 8, Access: hwbp.Write}}}
					if err := p.AddWatch(lanes.Config{Name: name, Entries: []*lanes.Entry{e}, Pinned: true}); err != nil {
						t.Fatal(err)
					}
				}
				hookAll(t, grp.Selected, "main.fields", way)
				toExit(t, grp)
				if o.hits["main.pair.A"] != 20 || o.hits["main.pair.B"] != 20 || reached < 40 {
					t.Errorf("%v hits, want 20 of each; hooks were reached %d times", o.hits, reached)
				}
			})
		}
	}
}

// TestHookOnGuardedStore: one that writes to a guarded page is told of, once for each time.
func TestHookOnGuardedStore(t *testing.T) {
	reached := 0
	for name, way := range ways(&reached) {
		t.Run(name, func(t *testing.T) {
			reached = 0
			o := &writes{}
			grp := launchObserved(t, o, "fields", "20")
			p := grp.Selected.Process.(*Process)
			a, b := variable(t, grp.Selected, "main.pair.A"), variable(t, grp.Selected, "main.pair.B")
			guardVariable(t, p, a)
			count := map[uint64]int{}
			o.told = func(th *Thread, w *guard.Write) *proc.Breakpoint {
				if th == nil || w.Unseen || w.InCall || len(w.Addrs) != 1 {
					t.Errorf("%+v", w)
				}
				count[w.Addrs[0]]++
				return nil
			}
			hookAll(t, grp.Selected, "main.fields", way)
			toExit(t, grp)
			if count[a.Addr] != 20 || count[b.Addr] != 20 || reached < 40 {
				t.Errorf("%d writes to A, %d to B, want 20; hooks were reached %d times", count[a.Addr], count[b.Addr], reached)
			}
		})
	}
}

// TestHookStops: a breakpoint that Reached returns stops the program before the instruction,
// once on each visit, and hooks can be removed there.
func TestHookStops(t *testing.T) {
	grp := launch(t, "fields", "20")
	p := grp.Selected.Process.(*Process)
	stop := &proc.Breakpoint{Logical: &proc.LogicalBreakpoint{HitCount: map[int64]uint64{}}}
	stop.Breaklets = []*proc.Breaklet{{Kind: proc.UserBreakpoint}}
	var hooks []*Hook
	var last uint64
	hooks = hookAll(t, grp.Selected, "main.fields", func(th *Thread) (*proc.Breakpoint, func()) {
		r, err := th.Held().Registers()
		if err != nil || r.PC() == last {
			return nil, nil
		}
		last = r.PC()
		return stop, nil
	})
	for i := range 10 {
		if err := grp.Continue(); err != nil {
			t.Fatal(err)
		}
		th := grp.Selected.CurrentThread()
		pc, err := th.(*Thread).pc()
		if err != nil || pc != last || th.Breakpoint().Breakpoint != stop {
			t.Fatalf("stop %d: at %#x, want %#x; %v, %v", i, pc, last, th.Breakpoint(), err)
		}
	}
	for _, h := range hooks {
		if err := p.RemoveHook(h); err != nil {
			t.Fatal(err)
		}
		if p.held.HasBreakpoint(h.Addr) {
			t.Errorf("%#x is still a breakpoint", h.Addr)
		}
	}
	toExit(t, grp)
}

func toExit(t *testing.T, grp *proc.TargetGroup) {
	t.Helper()
	var exited proc.ErrProcessExited
	if err := grp.Continue(); !errors.As(err, &exited) || exited.Status != 0 {
		t.Fatal(err)
	}
}
