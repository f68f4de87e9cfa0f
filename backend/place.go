package backend

import (
	"fmt"

	"github.com/argusdbg/argus/internal/glue"
)

// Place is a position in the program.
type Place struct {
	PC       uint64
	Function string // "" if unknown
	File     string
	Line     int
}

func (p Place) String() string {
	switch {
	case p.Function == "" && p.File == "":
		return fmt.Sprintf("%#x", p.PC)
	case p.File == "":
		return p.Function
	}
	return fmt.Sprintf("%s (%s:%d)", p.Function, p.File, p.Line)
}

// at is the place of the instruction at pc, which th has executed or stands at, and
// runs on from.
func (s *Session) at(th *glue.Thread, pc uint64) Place {
	if !s.lines.Known(pc) {
		defer s.forget(th)
	}
	return s.atRest(th, pc)
}

// atRest is at for a thread that stays where it is: what Delve remembers of it, the
// results of the function that it has left too, is kept.
func (s *Session) atRest(th *glue.Thread, pc uint64) Place {
	return Place(s.lines.At(pc, th.At(pc)))
}

// forget drops what Delve remembered of a thread that is about to run on.
func (s *Session) forget(th *glue.Thread) {
	th.ForgetGoroutine()
	s.target.ClearCaches()
}
