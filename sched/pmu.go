package sched

import "math"

// Time is nanoseconds on the clock of a [Lane]. What that clock shows is the
// owner's to say: for a real thread the time it has really run, so that a thread
// that waits neither gains nor loses. It never goes backwards; an earlier time
// than the last one counts as the last one.
type Time = int64

// Unlimited is the number of slots of a [PMU] that never fills.
const Unlimited = math.MaxInt32

// PMU provides slots on lanes: debug registers, execution slots, page guards,
// software breakpoints, counters. It is compared with ==, so make it a pointer.
//
// Add and Del only make and undo reservations; Commit is what reaches for the
// hardware. A scheduler calls Del for everything that goes before Add for
// anything that comes, and then Commit once.
type PMU interface {
	// Name is for errors.
	Name() string
	// Slots is how many a lane has when nobody else uses any, or [Unlimited].
	// It does not change.
	Slots() int
	// Add reserves e.Need slots. The error is a [*ShortError] if the lane has not
	// that many free now; any other error is passed to the owner.
	Add(l *Lane, e *Event) error
	// Del takes back what Add reserved.
	Del(l *Lane, e *Event)
	// Commit makes the hardware what Adds and Dels say, and touches no slot that
	// is right already. The error is a [*ShortError] if it turns out that others
	// hold slots; any other is passed to the owner, and Commit is called again
	// with the next update.
	Commit(l *Lane) error
}
