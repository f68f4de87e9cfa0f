package dap

import (
	"fmt"

	"github.com/argusdbg/argus/backend"
)

// hitNote is what is remembered of a hit.
type hitNote struct {
	number uint64
	text   string
}

func noteOf(name string, h *backend.Hit) *hitNote {
	return &hitNote{number: h.Number, text: hitText(name, h)}
}

// hitText is one line: what, from what to what, who, where.
func hitText(name string, h *backend.Hit) string {
	by := "no goroutine"
	if h.Goroutine.ID != 0 {
		by = fmt.Sprintf("goroutine %d", h.Goroutine.ID)
	}
	if h.Call != "" {
		by = fmt.Sprintf("the system call %s of %s", h.Call, by)
	}
	what := fmt.Sprintf("%s: %s -> %s, written", name, h.Old, h.New)
	switch h.Access {
	case backend.Read:
		what = fmt.Sprintf("%s: %s, read", name, h.New)
	case backend.ReadWrite:
		what = fmt.Sprintf("%s: %s -> %s, read or written", name, h.Old, h.New)
	}
	if len(h.Changes) > 0 {
		what = h.What() + ", written"
	}
	text := fmt.Sprintf("%s by %s at %s", what, by, placeText(h.Place))
	if h.CondErr != nil {
		text += fmt.Sprintf("; %v", h.CondErr)
	}
	return text
}

// placeText is a place in short.
func placeText(at backend.Place) string {
	if at.File == "" {
		return at.String()
	}
	return fmt.Sprintf("%s (%s:%d)", at.Function, baseName(at.File), at.Line)
}

// coverageText says what a data breakpoint may have missed.
func coverageText(st *backend.Stats) string {
	text := fmt.Sprintf("mode %s, coverage %s", st.Mode, st.Coverage)
	switch {
	case st.Guarded:
		text += ", by a page guard"
	case st.Stepped:
		text += ", by single steps"
	}
	if st.Mode == backend.ModeSampled && st.Enabled > 0 {
		text += fmt.Sprintf(", on for %.0f%% of the time", 100*st.Share())
	}
	if st.Others > 0 {
		text += fmt.Sprintf(", %s by other goroutines let pass", counted(st.Others, "access", "accesses"))
	}
	if st.Reason != "" {
		text += ": " + st.Reason
	}
	return text
}

// counted says how often something happened.
func counted(n uint64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
