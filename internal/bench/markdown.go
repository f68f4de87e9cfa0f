package main

import (
	"fmt"
	"strings"
)

// markdown is a table for a document: Argus's medians with the least and the greatest, and
// of the others the medians, and how many times Argus's these are.
func markdown(list []*outcome) string {
	others := []tool{delve, gdb, floor, kernel, nobody}
	var b strings.Builder
	fmt.Fprintf(&b, "| | %s |", argus)
	for _, t := range others {
		fmt.Fprintf(&b, " %s | x argus |", t)
	}
	b.WriteString("\n|---|---|" + strings.Repeat("---|---|", len(others)) + "\n")
	for _, o := range list {
		own := "cannot"
		if f := o.of(argus); f != nil && f.Spread.N > 0 {
			own = fmt.Sprintf("%s (%s to %s)", o.Unit.show(f.Spread.Median), o.Unit.show(f.Spread.Least), o.Unit.show(f.Spread.Most))
		}
		fmt.Fprintf(&b, "| %s | %s |", o.Case, own)
		for _, t := range others {
			f := o.of(t)
			switch {
			case f == nil || f.Cannot != "":
				b.WriteString(" | |")
			case f.Spread.N == 0:
				b.WriteString(" failed | |")
			case f.ToArgus.N == 0:
				fmt.Fprintf(&b, " %s | |", o.Unit.show(f.Spread.Median))
			default:
				fmt.Fprintf(&b, " %s | %s (%s to %s) |", o.Unit.show(f.Spread.Median), significant(f.ToArgus.Median), significant(f.ToArgus.Least), significant(f.ToArgus.Most))
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}
