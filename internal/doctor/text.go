package doctor

import (
	"bytes"
	"fmt"
	"io"
)

// colours of the statuses, as terminals count them (ECMA-48, SGR).
var colours = map[Status]string{StatusOK: "32", StatusLimited: "33", StatusMissing: "31", StatusUnknown: "36"}

// WriteText writes the report for people: one line a check, below it what a
// lack costs and how to mend it, and the verdict last. With color the statuses
// are coloured by escape sequences of terminals.
func (r *Report) WriteText(w io.Writer, color bool) error {
	const statusWidth = len("missing")
	nameWidth := 0
	for _, c := range r.Checks {
		nameWidth = max(nameWidth, len(c.Name))
	}
	indent := statusWidth + 2 + nameWidth + 2
	paint := func(s Status, text string) string {
		if !color {
			return text
		}
		return "\x1b[" + colours[s] + "m" + text + "\x1b[0m"
	}
	var b bytes.Buffer
	for _, c := range r.Checks {
		// Padded before it is painted: escape sequences have no width.
		fmt.Fprintf(&b, "%s  %-*s  %s\n", paint(c.Status, fmt.Sprintf("%-*s", statusWidth, c.Status)), nameWidth, c.Name, c.Found)
		if c.Costs != "" {
			fmt.Fprintf(&b, "%*scosts: %s\n", indent, "", c.Costs)
		}
		if c.Mend != "" {
			fmt.Fprintf(&b, "%*smend:  %s\n", indent, "", c.Mend)
		}
	}
	verdict := StatusOK
	if !r.OK() {
		verdict = StatusMissing
	}
	fmt.Fprintf(&b, "\n%s\n", paint(verdict, r.Verdict))
	_, err := w.Write(b.Bytes())
	return err
}
