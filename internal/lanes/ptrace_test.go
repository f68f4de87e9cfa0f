package lanes

import (
	"errors"
	"testing"

	"github.com/argusdbg/argus/hwbp"
	"github.com/argusdbg/argus/internal/perf"
	"github.com/argusdbg/argus/ptrace"
)

// TestArmsBesideAnother: arms of both kinds find out how many slots there are for them
// while another user has some, use these, and have the rest when it goes.
func TestArmsBesideAnother(t *testing.T) {
	eachDriver(t, func(t *testing.T, d Driver) {
		for held := 1; held <= 4; held++ {
			x := start(t, Options{Driver: d}, "turns", "1")
			th := x.p.Thread(x.p.PID)
			var foreign []*perf.Event
			for i := range held {
				e, err := perf.Open(th.TID, at(x.symbol("main.a")+8*uint64(i)), perf.Options{Disabled: true})
				if err != nil {
					t.Fatal(err)
				}
				foreign = append(foreign, e)
			}
			if d.d == nil {
				t.Fatal("no driver")
			}
			x.do(func() error {
				a := d.d.open(th)
				var want [maxSlots]hwbp.Point
				slots := ptrace.Limits().Slots(hwbp.Write)
				for i := range slots {
					want[i] = at(x.cell(i))
				}
				ours := slots - held
				usable, err := a.set(&want, false)
				if !errors.Is(err, errShort) || usable != 1<<ours-1 {
					t.Errorf("%d held: slots %b, %v", held, usable, err)
				}
				clear(want[ours:])
				if _, err := a.set(&want, false); err != nil {
					t.Errorf("%d held, %d wanted: %v", held, ours, err)
				}
				for _, e := range foreign {
					if err := e.Close(); err != nil {
						return err
					}
				}
				for i := range slots {
					want[i] = at(x.cell(i))
				}
				for range 2 { // the second has nothing to do
					if _, err := a.set(&want, false); err != nil {
						t.Errorf("%d given back: %v", held, err)
					}
				}
				return a.close()
			})
		}
	})
}

// TestPtraceUnknown: a stop without a cause is one in which no slot has fired.
func TestPtraceUnknown(t *testing.T) {
	a := &ptraceArms{th: &ptrace.Thread{}}
	if sh, err := a.fired(trap(ptrace.TrapUnknown)); err != nil || !sh.unknown {
		t.Errorf("%+v, %v", sh, err)
	}
	if sh, err := a.fired(trap(ptrace.TrapPerf)); err != nil || sh.unknown || sh.now != 0 {
		t.Errorf("%+v, %v", sh, err)
	}
	if sh := a.left(); sh.now != 0 || sh.missed != nil || a.close() != nil {
		t.Errorf("%+v", sh)
	}
}
