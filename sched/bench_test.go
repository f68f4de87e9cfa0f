package sched

import (
	"fmt"
	"testing"
)

// quiet is a PMU that does nothing, so that only the scheduler is measured.
type quiet struct{ slots int }

func (*quiet) Name() string            { return "quiet" }
func (q *quiet) Slots() int            { return q.slots }
func (*quiet) Add(*Lane, *Event) error { return nil }
func (*quiet) Del(*Lane, *Event)       {}
func (*quiet) Commit(*Lane) error      { return nil }

// honest is a Prover that always can tell.
type honest struct{}

func (honest) Clean(*Lane, *Event, Time, Time) bool { return true }

// crowd is one lane among many tasks, each with a pinned and a flexible group;
// flexible is how many of the process's compete on the lane.
func crowd(t testing.TB, policy Policy, tasks, flexible int) (*Lane, []*Task) {
	t.Helper()
	p := &quiet{4}
	s := New(Config{Policy: policy, Prover: honest{}})
	var all []*Task
	for i := range tasks {
		task := s.NewTask([]Kind{Thread, Goroutine}[i%2], "task")
		if task.kind == Goroutine {
			all = append(all, task)
		}
		one(t, task, p, "pinned", 1, true)
		one(t, task, p, "flexible", 1, false)
	}
	for i := range flexible {
		one(t, s.Process(), p, fmt.Sprint("g", i), 1, false)
	}
	l := s.NewLane(nil, nil, 0)
	ok(t, l.Update(0))
	return l, all
}

var policies = []Policy{RoundRobin{}, Weighted{}, Adaptive{}}

// TestNoAllocations: what happens all the time takes no memory.
func TestNoAllocations(t *testing.T) {
	for _, policy := range policies {
		l, all := crowd(t, policy, 10, 12)
		e := l.flexible[0].group.events[0]
		now := Time(0)
		step := func() {
			now += 10
			ok(t, l.Turn(now))
			ok(t, l.Switch(all[now/10%3], now+3))
			l.Advance(now + 5)
			e.Hit(l)
			ok(t, l.Switch(nil, now+6))
			ok(t, l.Update(now+7))
			l.SetSlots(e.PMU, int(3+now/10%2))
			ok(t, l.Update(now+8))
			l.Settle(now + 9)
			e.Times()
			e.Estimate()
		}
		for range 100 {
			step()
		}
		if n := testing.AllocsPerRun(1000, step); n != 0 {
			t.Errorf("%T: %v allocations", policy, n)
		}
	}
}

func BenchmarkTurn(b *testing.B) {
	for _, policy := range policies {
		for _, flexible := range []int{12, 64, 1000} {
			b.Run(fmt.Sprintf("%T/flexible=%d", policy, flexible), func(b *testing.B) {
				l, _ := crowd(b, policy, 10, flexible)
				b.ReportAllocs()
				b.ResetTimer()
				for now := Time(1); now <= Time(b.N); now++ {
					if err := l.Turn(now); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkTasks: tasks that are not on the lane cost nothing.
func BenchmarkTasks(b *testing.B) {
	for _, tasks := range []int{10, 1000, 100000} {
		l, all := crowd(b, RoundRobin{}, tasks, 12)
		now := Time(0)
		b.Run(fmt.Sprintf("Turn/tasks=%d", tasks), func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				now++
				if err := l.Turn(now); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("Switch/tasks=%d", tasks), func(b *testing.B) {
			b.ReportAllocs()
			for i := range b.N {
				now++
				if err := l.Switch(all[i%2], now); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("Admission/tasks=%d", tasks), func(b *testing.B) {
			task := all[0]
			for range b.N {
				g, err := l.s.NewGroup(task, GroupConfig{Name: "g", Events: []*Event{{Name: "e", PMU: l.s.pools[0].pmu, Need: 1}}})
				if err != nil {
					b.Fatal(err)
				}
				g.Remove()
			}
		})
	}
}

func BenchmarkHit(b *testing.B) {
	l, _ := crowd(b, nil, 10, 12)
	e := l.flexible[0].group.events[0]
	for range b.N {
		e.Hit(l)
	}
}
