package main

import (
	"fmt"
	"io"
	"math"
	"text/tabwriter"
)

// writeText prints the outcomes for people.
func writeText(w io.Writer, m machine, times int, list []*outcome) error {
	gdb := m.GDB
	if gdb == "" {
		gdb = "not installed"
	}
	user := "an ordinary user"
	if m.Root {
		user = "root"
	}
	if _, err := fmt.Fprintf(w, "Linux %s, %s, %d processors; %s, Delve %s, GDB %s; as %s.\nLoad before: %s; after: %s. Medians of %d turns, (least to most).\n",
		m.Kernel, m.Architecture, m.Processors, m.Go, m.Delve, gdb, user, m.Load[0], m.Load[1], times); err != nil {
		return err
	}
	for _, o := range list {
		if err := o.writeText(w); err != nil {
			return err
		}
	}
	return nil
}

func (o *outcome) writeText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "\n%s: %s\n", o.Case, o.Title)
	for _, f := range o.Tools {
		fmt.Fprintf(t, "  %s\t", f.Tool)
		switch {
		case f.Cannot != "":
			fmt.Fprintf(t, "cannot: %s", f.Cannot)
		case f.Spread.N == 0:
			fmt.Fprintf(t, "failed: %s", f.Failures[0])
		default:
			fmt.Fprintf(t, "%s\t(%s to %s)\t", o.Unit.show(f.Spread.Median), o.Unit.show(f.Spread.Least), o.Unit.show(f.Spread.Most))
			switch {
			case o.Unit == byteCount:
			case o.CPU:
				fmt.Fprintf(t, "elapsed %s\t", o.Unit.show(f.Other.Median))
			default:
				fmt.Fprintf(t, "processors %s\t", o.Unit.show(f.Other.Median))
			}
			if f.Tool != argus && f.ToArgus.N > 0 {
				fmt.Fprintf(t, "%s x argus\t(%s to %s)\t", significant(f.ToArgus.Median), significant(f.ToArgus.Least), significant(f.ToArgus.Most))
			} else {
				fmt.Fprint(t, "\t\t")
			}
			if f.Of > 0 {
				fmt.Fprintf(t, "saw %d of %d", f.Seen, f.Of)
			}
			if n := len(f.Failures); n > 0 {
				fmt.Fprintf(t, "  %d of %d turns failed: %s", n, len(f.Turns), f.Failures[0])
			}
		}
		fmt.Fprintln(t)
	}
	for _, g := range o.Goals {
		fmt.Fprintf(t, "  goal: %s\n", g)
	}
	return t.Flush()
}

// String is what was wanted, and what became of it.
func (g reached) String() string {
	text := fmt.Sprintf("%s at most %s x %s", g.Of, significant(g.AtMost), g.To)
	if g.AtMost == 0 {
		text = fmt.Sprintf("%s at least %s x %s", g.Of, significant(g.AtLeast), g.To)
	}
	switch {
	case g.Ratio.N == 0:
		return text + ": not measured"
	case g.Met:
		return fmt.Sprintf("%s: met, %s (%.0f%% better)", text, significant(g.Ratio.Median), 100*g.By)
	default:
		return fmt.Sprintf("%s: missed, %s (by %.0f%%)", text, significant(g.Ratio.Median), 100*g.By)
	}
}

// show is a value as people read it.
func (u unit) show(v float64) string {
	steps := []struct {
		least float64
		name  string
	}{{1e9, "s"}, {1e6, "ms"}, {1e3, "us"}, {1, "ns"}}
	if u == byteCount {
		steps = steps[:0]
		for _, s := range []string{"GiB", "MiB", "KiB", "B"} {
			steps = append(steps, struct {
				least float64
				name  string
			}{math.Pow(1024, float64(3-len(steps))), s})
		}
	}
	for _, s := range steps {
		if v >= s.least {
			return significant(v/s.least) + " " + s.name
		}
	}
	return significant(v) + " " + steps[len(steps)-1].name
}

// significant is a number with three digits that say something, two if it is small.
func significant(v float64) string {
	switch abs := math.Abs(v); {
	case abs >= 99.95:
		return fmt.Sprintf("%.0f", v)
	case abs >= 9.995:
		return fmt.Sprintf("%.1f", v)
	case abs >= 0.0995:
		return fmt.Sprintf("%.2f", v)
	default:
		return fmt.Sprintf("%.2g", v)
	}
}
