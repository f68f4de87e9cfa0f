package lanes

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/ptrace"
)

const (
	// costShare is the part of the time that turns may take, one in so many: what
	// they take beyond it is made good by longer slices.
	costShare = 66

	// maxSlice bounds what that makes of a slice: a turn can take long for once, as when
	// the debugger itself was suspended in the midst of it.
	maxSlice = time.Second

	// napPiece is how long Close may have to wait for the rotator.
	napPiece = 10 * time.Millisecond

	// retryEvery is how often slots that others held are tried again.
	retryEvery = 100 * time.Millisecond
)

// rotator ends the slices. It is a thread of its own, which moves to the processor
// on which the thread whose turn it is last ran: interrupts across processors cost
// more than all the rest (FACTS C4).
type rotator struct {
	b    *Board
	cond *sync.Cond // with Board.mu: awake or ended changed

	awake bool // guarded by Board.mu: some lane wants turns, and the program runs
	ended bool // guarded by Board.mu
	done  chan struct{}

	spent time.Duration // of processor time, the tracer's for turns too, until the end of the last round
	cost  time.Duration // of a round, on the mean

	own   *agent // the thread
	due   []turn
	retry time.Time // when slots are tried again
}

// turn is a lane that is due for one.
type turn struct {
	ln  *lane
	cpu int
}

// wake starts the rotator, or gets it going, if a lane has need of it.
func (b *Board) wake() {
	if b.closed || b.paused || !b.needsTurns() {
		return
	}
	if b.rotator == nil {
		b.rotator = &rotator{b: b, cond: sync.NewCond(&b.mu), done: make(chan struct{})}
		if !b.driver.moves() {
			b.tracer = newAgent(b.tracees.Tracer().TID())
		}
		go b.rotator.run()
	}
	b.rotator.awake = true
	b.rotator.cond.Signal()
}

func (b *Board) needsTurns() bool {
	for _, ln := range b.lanes {
		if ln.needsTurn() || ln.usable != b.allSlots() {
			return true
		}
	}
	return false
}

// wakeUp is longer than a thread is on a processor that is woken by a nudge and goes
// back to sleep.
const wakeUp = 100 * time.Microsecond

// ran reports whether the thread has run since its last turn, other than for that.
func (ln *lane) ran() bool {
	now := ln.now()
	if now <= ln.turned {
		return false
	}
	if ln.nudged {
		ln.nudged = false
		if now-ln.turned < int64(wakeUp) {
			ln.turned = now
			return false
		}
	}
	return true
}

func (ln *lane) needsTurn() bool { return ln.sched.Over() }

// Pause tells that the whole program is stopped: there are no turns until Resume.
func (b *Board) Pause() {
	b.mu.Lock()
	b.paused = true
	b.tracer.free() // the thread that it was sent to may have ended
	if b.rotator != nil {
		b.rotator.awake = false
	}
	b.mu.Unlock()
}

// Resume tells that the program is about to run.
func (b *Board) Resume() {
	b.mu.Lock()
	b.paused = false
	b.wake()
	b.mu.Unlock()
}

// stop ends the rotator and waits for it. Board.mu is not held.
func (r *rotator) stop() {
	r.b.mu.Lock()
	r.ended = true
	r.cond.Signal()
	r.b.mu.Unlock()
	<-r.done
}

func (r *rotator) run() {
	runtime.LockOSThread() // never unlocked: where the thread is bound to ends with it
	defer close(r.done)
	r.own = newAgent(unix.Gettid())
	slice := r.b.slice
	r.spent = processorTime()
	for {
		r.b.mu.Lock()
		for !r.awake && !r.ended {
			r.cond.Wait()
		}
		ended := r.ended
		r.b.mu.Unlock()
		if ended {
			return
		}
		// A quarter of chance in it: a program with a rhythm of its own must not always
		// meet the same watchpoints.
		r.nap(slice*7/8 + time.Duration(rand.Int64N(int64(slice)/4+1)))
		r.round(time.Now())
		slice = r.b.slice
		if cost := r.price(); !r.b.ungoverned {
			slice = max(slice, min(cost*costShare, maxSlice))
		}
	}
}

// price is what a round costs on the mean of the last few, to wake up for it included.
func (r *rotator) price() time.Duration {
	now := processorTime() + r.b.tracer.turns()
	r.cost = smooth(r.cost, now-r.spent)
	r.spent = now
	return r.cost
}

// smooth brings a mean up to date. What costs much more than that for once counts as a
// few times the mean: a long slice after it would be one watchpoint's alone.
func smooth(mean, last time.Duration) time.Duration {
	const (
		rounds = 8
		most   = 3
		least  = 100 * time.Microsecond // a round costs as much before there is a mean
	)
	return mean + (min(last, most*max(mean, least))-mean)/rounds
}

// nap sleeps, unless turns are not wanted any more.
func (r *rotator) nap(d time.Duration) {
	for ; d > 0; d -= napPiece {
		block(min(d, napPiece))
		r.b.mu.Lock()
		awake := r.awake && !r.ended
		r.b.mu.Unlock()
		if !awake {
			return
		}
	}
}

// processorTime is how long the calling thread has been on a processor. That it had to
// wait for one costs the program nothing.
func processorTime() time.Duration {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts) // cannot fail
	return time.Duration(ts.Nano())
}

// block blocks the thread: a timer of the Go runtime would hand over to another.
func block(d time.Duration) {
	ts := unix.NsecToTimespec(int64(d))
	_ = unix.Nanosleep(&ts, nil) // cut short by a signal: the slice is a little shorter
}

// round gives every lane that is due its next turn.
func (r *rotator) round(now time.Time) {
	b := r.b
	b.mu.Lock()
	if b.paused || b.closed {
		r.awake = false
		b.mu.Unlock()
		return
	}
	retry := now.Sub(r.retry) >= retryEvery
	if retry {
		r.retry = now
	}
	moves := b.driver.moves()
	r.due = r.due[:0]
	for _, ln := range b.lanes {
		if short := retry && ln.usable != b.allSlots(); short || ln.needsTurn() && ln.ran() && r.worth(ln, now) {
			ln.retry, ln.served, ln.due = ln.retry || short, now, !moves
			ln.ranOn = ln.cpu.last(b.proc.PID, ln.th.TID)
			r.due = append(r.due, turn{ln, ln.ranOn})
		}
	}
	r.awake = b.needsTurns()
	b.mu.Unlock()
	slices.SortFunc(r.due, func(s, t turn) int { return r.rank(s.cpu) - r.rank(t.cpu) })
	if !moves {
		r.ask()
		return
	}
	for _, t := range r.due {
		r.own.bind(t.cpu)
		r.turn(t.ln)
	}
}

// ask makes the threads that are due stop, to be given their turns by the tracer's
// thread. That sleeps as a rule, and so is moved to the first of them for nothing. A
// thread that is stopped already, at a hit, is not asked: it has its turn there.
func (r *rotator) ask() {
	for i, t := range r.due {
		if i == 0 {
			r.b.tracer.bind(t.cpu)
		}
		_ = r.b.tracees.NudgeThread(t.ln.th.TID) // an error: it has ended, which will be reported
	}
}

// worth reports whether a lane that has run is due: one whose thread runs for a moment
// now and then need not have a turn each time.
func (r *rotator) worth(ln *lane, now time.Time) bool {
	const patience = 16 // slices
	return ln.last-ln.turned >= int64(r.b.slice)/4 || now.Sub(ln.served) >= patience*r.b.slice
}

// rank puts the processor first that the thread is on already.
func (r *rotator) rank(cpu int) int {
	if cpu == int(r.own.at.Load()) {
		return -1
	}
	return cpu
}

func (r *rotator) turn(ln *lane) {
	b := r.b
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || b.paused || b.lanes[ln.th.TID] != ln {
		return
	}
	b.note(b.turn(ln))
}

// Turn gives a thread that is stopped at a nudge its next turn, if it has not had it.
func (b *Board) Turn(th *ptrace.Thread) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	ln := b.lane(th)
	if ln == nil || b.closed {
		b.tracer.free()
		return nil
	}
	ln.nudged = true
	return b.turnIfDue(ln)
}

// turnIfDue gives a stopped thread the turn that the rotator has asked for.
func (b *Board) turnIfDue(ln *lane) error {
	if !ln.due {
		return nil
	}
	ln.due = false
	start := processorTime()
	b.tracer.bind(ln.ranOn)
	err := b.turn(ln)
	b.tracer.free()
	b.tracer.turned(processorTime() - start)
	return err
}

func (b *Board) turn(ln *lane) error {
	now := ln.now()
	ln.turned = now
	if ln.retry {
		ln.retry = false
		b.tryAll(ln)
	}
	return ln.sched.Turn(now)
}
