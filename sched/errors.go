package sched

import (
	"errors"
	"fmt"
	"strings"
)

// ErrClosed: the lane or task was closed before.
var ErrClosed = errors.New("is closed")

// ShortError says that a lane has fewer slots of a PMU than were asked for,
// because others use them: another debugger or profiler, or the program itself.
type ShortError struct {
	PMU   string
	Slots int   // that the lane has for us now
	Err   error // what the PMU was told, may be nil
}

func (e *ShortError) Error() string {
	s := fmt.Sprintf("%s: only %d slots are left on this thread, since others use the rest; end the other user (a profiler, another debugger) to have them back", e.PMU, e.Slots)
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns what the PMU was told.
func (e *ShortError) Unwrap() error { return e.Err }

// AdmissionError says why a group was refused: there could be a moment at which
// it, or a group accepted earlier, could not be on at all.
type AdmissionError struct {
	Group string
	Task  string // whose group it would have been
	PMU   string // that has too few slots
	Want  int    // slots of it that the group asked for
	Slots int    // that a lane ever has
	Most  int    // that this request could ever have, given what was accepted before
	// Holders are the groups that hold the rest: those pinned that can be on at
	// the same time and, where a pinned group asked, the flexible one that could
	// no longer run.
	Holders  []string
	InTheWay []*Group // these groups; to have one less of them changes the answer, or who is in the way
}

func (e *AdmissionError) Error() string {
	s := fmt.Sprintf("group %q wants %d %s slots at once, but a thread has %d", e.Group, e.Want, e.PMU, e.Slots)
	if e.Want > e.Slots {
		return s + "; split the group"
	}
	return s + fmt.Sprintf(" and %d of them can be promised, now and later; the rest is held by %s: remove one of these or ask for less",
		e.Most, strings.Join(e.Holders, ", "))
}
