package lanes

import (
	"errors"
	"fmt"
	"strings"

	"github.com/argusdbg/argus/sched"
)

// SlotsError says that a watchpoint, or a group of them, does not fit.
type SlotsError struct {
	Name    string   // what does not fit
	Want    int      // slots that it needs
	Free    int      // slots that it could have
	Slots   int      // slots that a thread has
	Holders []string // the watchpoints that hold the others
	Pinned  bool     // it was to be always on

	inTheWay []*sched.Group // what the holders are
}

func (e *SlotsError) Error() string {
	need := fmt.Sprintf("%s needs %d debug %s and %d of %d %s free", e.Name,
		e.Want, plural(e.Want, "register", "registers"), e.Free, e.Slots, plural(e.Free, "is", "are"))
	switch {
	case e.Want > e.Slots:
		return need + ": it is too large to be watched as a whole; watch a part of it"
	case len(e.Holders) == 0:
		return need
	}
	need = fmt.Sprintf("%s (held by %s): remove one of these first", need, strings.Join(e.Holders, ", "))
	if e.Pinned {
		need += ", or let watchpoints take turns (mode sampled)"
	}
	return need
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// ThreadError says that a watchpoint is for a thread that is not there.
type ThreadError struct{ Thread int }

func (e *ThreadError) Error() string {
	return fmt.Sprintf("the process has no thread %d", e.Thread)
}

// ForeignError says that somebody else holds debug registers that a watchpoint needs.
type ForeignError struct {
	Name   string
	Thread int
}

func (e *ForeignError) Error() string {
	return fmt.Sprintf("%s: on thread %d another user (perf, another debugger, the program itself) holds debug registers that it needs: end that, or watch less",
		e.Name, e.Thread)
}

// explain turns the scheduler's refusal into words about watchpoints.
func (b *Board) explain(c *Config, err error) error {
	var ae *sched.AdmissionError
	if !errors.As(err, &ae) {
		return err
	}
	return &SlotsError{Name: c.Name, Want: ae.Want, Free: ae.Most, Slots: ae.Slots, Holders: ae.Holders, Pinned: c.Pinned, inTheWay: ae.InTheWay}
}
