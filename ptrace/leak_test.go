package ptrace

import (
	"sync"
	"testing"

	"github.com/argusdbg/argus/hwbp"
	"github.com/argusdbg/argus/internal/testkit"
)

func TestLaunchAndKillLeakNothing(t *testing.T) {
	testkit.Watchdog(t)
	round := func() {
		s := open(t)
		p := s.launch("busy", "3")
		s.breakAt(p, symbol(t, "place"))
		s.run(func(ev Event) error {
			if ev.Kind == Breakpoint {
				return errStop
			}
			return nil
		})
		s.do(func() error { return s.g.Kill(p) })
		s.g.Tracer().Close()
	}
	for range 10 {
		round()
	}
	before := testkit.Used(t)
	before.Threads += 3 // the runtime's own number of threads is not fixed
	for range 200 {
		round()
	}
	testkit.NoMoreThan(t, before)
}

func TestAttachAndDetachLeakNothing(t *testing.T) {
	testkit.Watchdog(t)
	victim := begin(t, target(t), "busy", "3")
	round := func() {
		s := open(t)
		p := s.attach(victim.Process.Pid)
		s.detach(p)
		s.g.Tracer().Close()
	}
	for range 10 {
		round()
	}
	before := testkit.Used(t)
	before.Threads += 3
	for range 200 {
		round()
	}
	testkit.NoMoreThan(t, before)
	advances(t, victim.Process.Pid, symbol(t, "y"))
}

func TestSeveralSessionsAtOnce(t *testing.T) {
	testkit.Watchdog(t)
	const stores = 500
	x := symbol(t, "x")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			s := open(t)
			for range 3 {
				p := s.launch("stores", "500")
				s.arm(p.Threads()[0], hwbp.Point{Addr: x, Len: 8, Access: hwbp.Write})
				n := 0
				s.run(func(ev Event) error {
					if ev.Kind == Trapped {
						n++
					}
					return nil
				})
				if n != stores {
					t.Errorf("%d hits, want %d", n, stores)
				}
			}
		})
	}
	wg.Wait()
}
