package sim

import "github.com/argusdbg/argus/sched"

// slots is a PMU that counts, and tells what changed.
type slots struct {
	n          int
	used       map[*sched.Lane]int
	programmed int
	changed    []*sched.Event // since it was emptied
}

func (p *slots) Name() string { return "simulated" }
func (p *slots) Slots() int   { return p.n }

func (p *slots) Add(l *sched.Lane, e *sched.Event) error {
	if p.used[l]+e.Need > p.n {
		return &sched.ShortError{PMU: p.Name(), Slots: p.n}
	}
	p.used[l] += e.Need
	p.programmed++
	p.changed = append(p.changed, e)
	return nil
}

func (p *slots) Del(l *sched.Lane, e *sched.Event) {
	p.used[l] -= e.Need
	p.programmed++
	p.changed = append(p.changed, e)
}

func (p *slots) Commit(*sched.Lane) error { return nil }
