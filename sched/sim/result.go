package sim

import "github.com/argusdbg/argus/sched"

// Result is what came of a simulation.
type Result struct {
	Variables  []Outcome // as configured
	Turns      int       // of all lanes
	Programmed int       // events set or cleared in a slot
}

// Outcome is what came of a variable.
type Outcome struct {
	Variable Variable
	Times    sched.Times
	Estimate sched.Estimate

	Writes      uint64     // in truth
	FirstWrite  sched.Time // -1: none
	FirstHit    sched.Time // -1: none
	LongestWait int        // turns of one lane in a row that left it off
	LongestOff  sched.Time // on one lane, from going off to going on or to the end
	// On is when it was on, on its owner's lane or on the first one; a goroutine's
	// wherever it was on.
	On []Span
}

// Span is a stretch of time.
type Span struct{ From, To sched.Time }

// Share is the part of its time enabled that a variable was on, 0 to 1.
func (o *Outcome) Share() float64 {
	if o.Times.Enabled == 0 {
		return 0
	}
	return float64(o.Times.Running) / float64(o.Times.Enabled)
}

// Caught is how long a writer went on until it was caught; -1 if it was not, or
// never wrote.
func (o *Outcome) Caught() sched.Time {
	if o.FirstHit < 0 {
		return -1
	}
	return o.FirstHit - o.FirstWrite
}
