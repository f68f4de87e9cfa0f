package lanes

import (
	"errors"
	"time"

	"github.com/argusdbg/argus/hwbp"
	"github.com/argusdbg/argus/internal/perf"
	"github.com/argusdbg/argus/ptrace"
	"github.com/argusdbg/argus/sched"
)

// lane is a thread and its slots.
type lane struct {
	th     *ptrace.Thread
	sched  *sched.Lane
	task   *sched.Task
	arms   arms
	slots  [maxSlots]occupant
	usable uint16               // slots that are ours, as far as is known
	want   [maxSlots]hwbp.Point // scratch of Commit

	clock  clock
	last   sched.Time         // when the clock was last read
	turned sched.Time         // when the lane was last given a turn
	nudged bool               // that turn woke the thread
	due    bool               // it is to have a turn at its next stop
	served time.Time          // when the rotator last gave it one
	marks  map[*member]uint64 // the scan when the last blind interval began
	retry  bool               // slots that others held are to be tried again
	left   bool               // the thread is on its way out: its clock stands
	cpu    cpuReader          // of the rotator
	ranOn  int                // the processor that it told last; -1 if that is not known
}

// clock tells how long a thread has run.
type clock interface {
	Now() (int64, error)
	Close() error
}

// openClock prefers a perf event, which is exact at any time, to the figures of
// /proc, which are so when the thread is not running.
func openClock(tid int) (clock, error) {
	c, err := perf.OpenClock(tid)
	if err == nil {
		return c, nil
	}
	f, err1 := perf.OpenSchedClock(tid)
	if err1 != nil {
		return nil, errors.Join(err, err1)
	}
	return f, nil
}

// now reads the lane's clock. That of a thread that is gone stands still.
func (ln *lane) now() sched.Time {
	if ln.left {
		return ln.last
	}
	if n, err := ln.clock.Now(); err == nil && n > ln.last {
		ln.last = n
	}
	return ln.last
}

// newLane makes a lane of a stopped thread, with everything on that should be.
func (b *Board) newLane(th *ptrace.Thread) (*lane, error) {
	if former := b.lanes[th.TID]; former != nil { // its id is another's by now
		b.note(b.drop(former))
	}
	c, err := openClock(th.TID)
	if err != nil {
		if th.Gone() || isGone(err) {
			return nil, ptrace.ErrThreadGone
		}
		return nil, err
	}
	ln := &lane{th: th, clock: c, marks: map[*member]uint64{}, ranOn: -1, arms: b.driver.open(th), usable: b.allSlots()}
	ln.task = b.sched.NewTask(sched.Thread, threadName(th.TID))
	ln.sched = b.sched.NewLane(ln.task, ln, ln.now())
	b.lanes[th.TID] = ln
	b.markAll(ln)
	return ln, nil
}

// drop forgets a lane whose thread is gone or let go.
func (b *Board) drop(ln *lane) error {
	ln.sched.Close(ln.now())
	ln.task.Close()
	err := errors.Join(ln.arms.close(), ln.clock.Close(), ln.cpu.close())
	delete(b.lanes, ln.th.TID)
	return err
}

// lane returns that of a thread, or nil. One whose id has gone to another thread is not
// that one's.
func (b *Board) lane(th *ptrace.Thread) *lane {
	if ln := b.lanes[th.TID]; ln != nil && ln.th == th {
		return ln
	}
	return nil
}

// isGone reports whether an error says that a thread has ended.
func isGone(err error) bool {
	return errors.Is(err, perf.ErrGone) || errors.Is(err, ptrace.ErrThreadGone)
}
