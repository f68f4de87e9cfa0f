package sched

// Config is what a [Scheduler] is made of.
type Config struct {
	Policy   Policy   // of rotation; nil: [RoundRobin]
	Prover   Prover   // nil: nothing is proven clean
	Observer Observer // may be nil
}

// Prover judges blind intervals.
type Prover interface {
	// Clean reports whether it is certain that nothing e would have seen happened
	// while it was off on l. It is asked when e is on again, and the hardware is
	// set: what happens during the proof is seen by either. It is asked early when
	// the lane settles or the event leaves it. The times are on the lane's clock.
	Clean(l *Lane, e *Event, from, to Time) bool
}

// Observer is told what foreign users do to groups. It must not call the
// scheduler.
type Observer interface {
	// Changed is called once when g goes to the error state on l ([Failed]; why is
	// a [*ShortError]), and once when it leaves it (why is nil).
	Changed(l *Lane, g *Group, s State, why error)
}

// Scheduler holds the tasks, groups and lanes of one debugged process.
type Scheduler struct {
	policy   Policy
	prover   Prover
	observer Observer
	process  *Task
	pools    []*pool
	lanes    []*Lane
	seq      uint64
}

// New returns a scheduler with a process task and no lanes.
func New(c Config) *Scheduler {
	s := &Scheduler{policy: c.Policy, prover: c.Prover, observer: c.Observer}
	if s.policy == nil {
		s.policy = RoundRobin{}
	}
	s.process = s.newTask(Process, "process")
	return s
}

// next numbers tasks, groups and waits by age.
func (s *Scheduler) next() uint64 {
	s.seq++
	return s.seq
}

// pool finds the ledger of a PMU, and opens one at its first use.
func (s *Scheduler) pool(p PMU) *pool {
	for _, q := range s.pools {
		if q.pmu == p {
			return q
		}
	}
	q := newPool(p, len(s.pools))
	s.pools = append(s.pools, q)
	for _, l := range s.lanes {
		l.stock(q)
	}
	return q
}
