package backend

import (
	"slices"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/cond"
	"github.com/argusdbg/argus/internal/glue"
)

// siteID is the number under which Delve knows all that is set at sites.
const siteID = 1 << 30

// site is an address at which breakpoints are: Delve knows one there, and asks which of
// them it is whenever a thread comes to it.
type site struct {
	d      *debuggee
	addr   uint64
	breaks []*Breakpoint // in the order in which they were set
	set    bool          // Delve's is there
}

// plant puts a breakpoint at addresses, or at none of them.
func (s *Session) plant(d *debuggee, b *Breakpoint, addrs []uint64) error {
	for i, addr := range addrs {
		st := d.sites[addr]
		if st == nil {
			st = &site{d: d, addr: addr}
			d.sites[addr] = st
		}
		st.breaks = append(st.breaks, b)
		if err := s.settle(st); err != nil {
			for _, addr := range addrs[:i+1] {
				_ = s.uproot(d.sites[addr], b) // the first error counts
			}
			return err
		}
	}
	return nil
}

// uproot takes a breakpoint from a site.
func (s *Session) uproot(st *site, b *Breakpoint) error {
	st.breaks = slices.DeleteFunc(st.breaks, func(o *Breakpoint) bool { return o == b })
	if len(st.breaks) == 0 {
		delete(st.d.sites, st.addr)
	}
	return s.settle(st)
}

// settle sets or clears Delve's breakpoint at a site, as those that are there want it:
// one that can never stop any more costs nothing.
func (s *Session) settle(st *site) error {
	wanted := slices.ContainsFunc(st.breaks, func(b *Breakpoint) bool { return !b.off && !b.count.never(b.logical.TotalHitCount) })
	switch {
	case wanted == st.set:
		return nil
	case !wanted:
		st.set = false
		return st.d.target.ClearBreakpoint(st.addr)
	}
	if all := s.group.Targets.LogicalBreakpoints; all[siteID] == nil {
		all[siteID] = &proc.LogicalBreakpoint{LogicalID: siteID, HitCount: map[int64]uint64{}}
	}
	set := st.d.process.InSlots
	if st.exceptional() {
		set = func(fn func() error) error { return fn() }
	}
	return set(func() error {
		bp, err := st.d.target.SetBreakpoint(siteID, st.addr, proc.UserBreakpoint, nil)
		if err != nil {
			return err
		}
		st.set = true
		bp.UserBreaklet().SetCallback(func(th proc.Thread, _ *proc.Target) (bool, error) { return s.reach(st, th) })
		return nil
	})
}

// exceptional reports whether only exceptions are caught here. A program that comes here is
// about to end: it is no matter if a breakpoint instruction ends it because the debugger has
// died, and debug registers are left to what needs them.
func (st *site) exceptional() bool {
	return !slices.ContainsFunc(st.breaks, func(b *Breakpoint) bool { return b.exception == "" })
}

// settleAll settles all sites before a run.
func (s *Session) settleAll() error {
	for _, d := range s.debuggees {
		for _, st := range d.sites {
			if err := s.settle(st); err != nil {
				return err
			}
		}
	}
	return nil
}

// arrival is a breakpoint that was reached and stops the program.
type arrival struct {
	b      *Breakpoint
	thread int
}

// reach is asked by Delve whether a thread that has come to a site stops there. The
// program is stopped.
func (s *Session) reach(st *site, th proc.Thread) (stop bool, err error) {
	state := th.Breakpoint()
	stop = state.Active // for another reason, as the end of a step
	clear(state.Logical.HitCount)
	s.use(st.d)
	for _, b := range slices.Clone(st.breaks) {
		wanted, err1 := s.judge(b, th.(*glue.Thread))
		if err1 != nil {
			err = err1
		}
		if wanted {
			stop = true
			s.arrivals = append(s.arrivals, arrival{b, th.ThreadID()})
		}
	}
	if s.condErr == nil {
		s.condErr = err
	}
	return stop, err
}

// stepped looks whether a step of one instruction has come to a site: Delve does not ask
// then, and the thread will leave the place without it being reached again.
func (s *Session) stepped() error {
	s.choose()
	th := s.target.CurrentThread()
	state := th.Breakpoint()
	if state.Breakpoint == nil || state.Active || state.LogicalID() != siteID {
		return nil
	}
	_, err := s.reach(s.sites[state.Addr], th)
	return err
}

// holds evaluates the condition of a breakpoint that a thread has come to.
func (s *Session) holds(b *Breakpoint, th *glue.Thread) (ok bool, err error) {
	err1 := s.group.Do(func() {
		var e *evaluator
		if e, err = s.evaluatorOn(th); err == nil {
			ok, err = e.holds(s.conditionOf(b))
		}
	})
	if err1 != nil {
		err = err1
	}
	return ok, err
}

// conditionOf is the condition of a breakpoint in the program that is looked at.
func (s *Session) conditionOf(b *Breakpoint) *cond.Condition {
	c := b.when[s.debuggee]
	if c == nil {
		if b.when == nil {
			b.when = map[*debuggee]*cond.Condition{}
		}
		c = newCondition(b.cond, nil)
		b.when[s.debuggee] = c
	}
	return c
}

// choiceOf is what a breakpoint's selector means in the program that is looked at: nobody, if
// that has no such function.
func (s *Session) choiceOf(b *Breakpoint) *chosen {
	if b.on == (Selector{}) {
		return nil
	}
	c, known := b.chosen[s.debuggee]
	if !known {
		var err error
		if c, err = s.choice(b.on); err != nil {
			c = &chosen{Selector: Selector{ID: -1}, alone: true}
		}
		if b.chosen == nil {
			b.chosen = map[*debuggee]*chosen{}
		}
		b.chosen[s.debuggee] = c
	}
	return c
}

// judge decides about one breakpoint. One whose condition cannot be evaluated stops.
func (s *Session) judge(b *Breakpoint, th *glue.Thread) (stop bool, err error) {
	if b.off {
		return false, nil
	}
	if b.on != (Selector{}) {
		meant := false
		err := s.group.Do(func() { meant = s.means(s.choiceOf(b), th) })
		if err != nil || !meant {
			return false, err
		}
	}
	g := s.goroutineOn(th)
	if b.cond != "" {
		ok, err := s.holds(b, th)
		if err != nil {
			return true, err
		}
		if !ok {
			return false, nil
		}
	}
	b.logical.TotalHitCount++
	if !b.count.holds(b.logical.TotalHitCount) {
		return false, nil
	}
	if b.reach == nil {
		return true, nil
	}
	if stop, known := b.answered(th); known {
		return stop, nil
	}
	return s.ask(b, th, g, b.logical.TotalHitCount), nil
}

// ask has the function of a breakpoint decide.
func (s *Session) ask(b *Breakpoint, th *glue.Thread, g Goroutine, hits uint64) (stop bool) {
	r := &Reached{Breakpoint: b, Goroutine: g, Thread: th.ThreadID(), Hits: hits, s: s, th: th}
	if regs, err := th.Registers(); err == nil {
		r.Place = s.at(th, regs.PC())
	}
	defer func() { r.th = nil }()
	return b.reach(r)
}
