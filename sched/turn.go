package sched

import "fmt"

// Update brings what is on to what should be: groups that came, went, or fit no
// longer or again. Who is on stays on where it may. An error is what a PMU
// returned; the lane stays stale, and the next Update tries again.
func (l *Lane) Update(now Time) error {
	if err := l.check(); err != nil {
		return err
	}
	l.Advance(now)
	if !l.stale {
		return nil
	}
	return l.apply(false)
}

// Turn begins the next turn: if flexible groups wait they are chosen anew,
// otherwise it is an Update. A turn in which the lane did not run is none: as
// long as now is not after the last turn, Turn is an Update too. Errors are as
// with Update; a turn that fails does not count either.
func (l *Lane) Turn(now Time) error {
	if err := l.check(); err != nil {
		return err
	}
	l.Advance(now)
	if l.now <= l.turned || !l.Over() {
		return l.Update(now)
	}
	l.turned = l.now
	l.requeue()
	if err := l.apply(true); err != nil {
		return err
	}
	for _, s := range l.flexible {
		if !s.failed && !s.live {
			s.waited++
		}
	}
	return nil
}

// Switch gives the lane to the context of goroutine g, nil for none, and
// programs the difference. A goroutine that another lane still has leaves that
// one, which becomes stale. Errors are as with Update.
func (l *Lane) Switch(g *Task, now Time) error {
	if err := l.check(); err != nil {
		return err
	}
	if g != nil && g.kind != Goroutine {
		panic("sched: Switch to a " + g.kind.String())
	}
	if g != nil && g.closed {
		return fmt.Errorf("goroutine %q %w", g.name, ErrClosed)
	}
	l.Advance(now)
	if g != l.goroutine {
		l.leave()
		if g != nil {
			if g.lane != nil {
				g.lane.leave()
			}
			g.lane, l.goroutine = l, g
			for _, group := range g.groups {
				l.attach(group.moving)
			}
		}
	}
	return l.Update(now)
}

// leave takes the goroutine's context off the lane.
func (l *Lane) leave() {
	if l.goroutine == nil {
		return
	}
	for _, group := range l.goroutine.groups {
		l.detach(group.moving)
	}
	l.goroutine.lane, l.goroutine = nil, nil
}

// requeue puts those that have run behind those that wait.
func (l *Lane) requeue() {
	l.sort()
	wait, ran := l.flexible[:0], l.order[:0]
	for _, s := range l.flexible {
		s.flush()
		if s.ran() {
			s.renew()
			ran = append(ran, s)
		} else {
			wait = append(wait, s)
		}
	}
	l.flexible, l.order = append(wait, ran...), ran
}

// bounded reports whether a plan keeps the promise, and is what makes it: with k
// flexible groups on a lane, none waits for more than k turns.
//
// Let those that the plan leaves off be numbered 1, 2, 3, ... in the order of
// waiting (failed ones aside), and let number i have been left off at w(i) turns,
// this one included. Let k(i) be the most flexible groups there were at any of
// these turns. The plan is good if for each i
//
//	w(i) + i - 1 <= k(i)                                              (1)
//
// A policy's plan is used only if it is good, with the k of now for k(i), which is
// never more. Otherwise the order of waiting is used, and is good if the last plan
// was: its first goes on, since a group that has not failed fits beside the pinned
// ones; so each other has one less before it and one more turn behind it, and the
// sum in (1) stays. Those that have just gone off have w = 1 and are last: i is less
// than k, because somebody is on. Those that came since are last too. So (1) always
// holds, and with i >= 1 it says w(i) <= k(i).
//
// (1) counts on one group a turn and no more: so it still holds if slots are
// lost or pinned groups come, whatever that does to how many fit together.
//
// Two things put a group in among those that wait instead of behind them: it
// comes with its goroutine and has waited before, or it was pushed off before it
// ran at all. Each such group can cost those behind it one turn beyond k, once,
// and then has its turn. No order avoids that: if any number of goroutines may
// take turns on a lane, each there for one turn only, then serving both them and
// the lane's own groups within a constant is impossible.
func (l *Lane) bounded() bool {
	i, k := 0, 0
	for _, s := range l.flexible {
		if !s.failed {
			k++
		}
	}
	for _, s := range l.flexible {
		if s.failed || s.want {
			continue
		}
		if i++; s.waited+i > k {
			return false
		}
	}
	return true
}
