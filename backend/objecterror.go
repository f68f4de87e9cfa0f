package backend

import (
	"fmt"
	"strings"

	"github.com/argusdbg/argus/internal/value"
)

// ObjectError says that a variable would have to be watched as a whole, with what belongs
// to it elsewhere, and cannot be.
type ObjectError struct {
	Expr   string
	Type   string
	Err    error  // why page guards cannot watch it
	Advice string // what can be watched instead; may be empty
}

func newObjectError(w *Watchpoint, not *NotWatchableError, err error) *ObjectError {
	e := &ObjectError{Expr: w.expr, Type: value.TypeName(w.typ), Err: err}
	switch {
	case w.follow != 0:
		e.Advice = "without following pointers it can be watched as it is now"
	case not != nil:
		e.Advice = strings.ReplaceAll(not.Advice, "ADDR", fmt.Sprintf("%#x", w.addr))
	}
	return e
}

func (e *ObjectError) Error() string {
	text := fmt.Sprintf("%s (%s) is watched as a whole, by page guards, and here it cannot be: %v", e.Expr, e.Type, e.Err)
	if e.Advice != "" {
		text += "; " + e.Advice
	}
	return text
}

// Unwrap returns the cause.
func (e *ObjectError) Unwrap() error { return e.Err }
