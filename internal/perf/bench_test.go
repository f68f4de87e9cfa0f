package perf

import (
	"testing"

	"github.com/argusdbg/argus/hwbp"
)

// BenchmarkEvent is what each call costs by where the thread is: asleep and last
// on the caller's processor, or on another; running on another. Compare within
// one run: what it costs to interrupt another processor differs by machine.
func BenchmarkEvent(b *testing.B) {
	for _, place := range []struct {
		name       string
		away, busy bool
	}{
		{"near-asleep", false, false},
		{"away-asleep", true, false},
		{"away-running", true, true},
	} {
		b.Run(place.name, func(b *testing.B) {
			x := start(b)
			here, cpu := processors(b)
			if !place.away {
				cpu = here
			}
			x.pin(0, cpu)
			x.tell(0, opLoad, 0, 1) // brings the thread where it belongs
			e := x.open(0, x.point(0, hwbp.Write), Options{})
			off := x.open(0, x.point(1, hwbp.Write), Options{Disabled: true})
			pinHere(b, here)
			clock, err := OpenClock(x.tid(0))
			must(b, err)
			defer clock.Close()
			sched, err := OpenSchedClock(x.tid(0))
			must(b, err)
			defer sched.Close()
			if place.busy {
				x.order(0, opSpin, 0, 0)
				defer x.rest(0)
			}
			to := x.point(2, hwbp.Write)
			call(b, here, "Count", func() error { _, err := e.Count(); return err })
			call(b, here, "Modify", func() error { return e.Modify(to) })
			call(b, here, "Modify-disabled", func() error { return off.Modify(to) })
			call(b, here, "Disable+Enable", func() error {
				if err := e.Disable(); err != nil {
					return err
				}
				return e.Enable()
			})
			call(b, here, "Open+Close", func() error {
				e, err := Open(x.tid(0), to, Options{})
				if err != nil {
					return err
				}
				return e.Close()
			})
			call(b, here, "Clock", func() error { _, err := clock.Now(); return err })
			call(b, here, "SchedClock", func() error { _, err := sched.Now(); return err })
		})
	}
}

func call(b *testing.B, cpu int, name string, fn func() error) {
	b.Run(name, func(b *testing.B) {
		pinHere(b, cpu)
		b.ReportAllocs()
		for b.Loop() {
			if err := fn(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
