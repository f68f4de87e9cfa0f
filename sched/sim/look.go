package sim

import "github.com/argusdbg/argus/sched"

// look notes what a turn, or anything else, changed on a lane.
func (r *run) look(l *lane, now sched.Time, turn bool) {
	next := l.turns + 1 // the first turn that can leave off who is off now
	if turn {
		next = l.turns
	}
	for _, e := range r.pmu.changed {
		v := e.Data.(*variable)
		if o := &v.lanes[l.index]; o.here && o.on != e.On(l.Lane) {
			v.ended(l, now, next)
			o.on, o.since, o.left = !o.on, now, next
		}
	}
	r.pmu.changed = r.pmu.changed[:0]
}

// come is for a variable that is wanted on a lane from now on.
func (v *variable) come(l *lane, now sched.Time) {
	o := &v.lanes[l.index]
	o.here, o.on, o.since, o.left = true, false, now, l.turns+1
}

// leave is for one that is not wanted there any longer.
func (v *variable) leave(l *lane, now sched.Time) {
	v.ended(l, now, l.turns+1)
	v.lanes[l.index].here = false
}

// ended notes a stretch of being on or of waiting. next is the first turn that
// was not part of it.
func (v *variable) ended(l *lane, now sched.Time, next int) {
	o := &v.lanes[l.index]
	if !o.on {
		v.LongestWait = max(v.LongestWait, next-o.left)
		v.LongestOff = max(v.LongestOff, now-o.since)
		return
	}
	shown := 0
	if v.Variable.Of == sched.Thread {
		shown = v.Variable.Owner
	}
	if l.index == shown || v.Variable.Of == sched.Goroutine {
		v.On = append(v.On, Span{o.since, now})
	}
}

// result settles all accounts.
func (r *run) result() *Result {
	res := &Result{Turns: r.turns, Programmed: r.pmu.programmed}
	for _, l := range r.lanes {
		l.Settle(r.c.Duration)
	}
	for _, v := range r.variables {
		for i := range v.lanes {
			if v.lanes[i].here {
				v.ended(r.lanes[i], r.c.Duration, r.lanes[i].turns+1)
			}
		}
		v.Times, v.Estimate = v.event.Times(), v.event.Estimate()
		res.Variables = append(res.Variables, v.Outcome)
	}
	return res
}
