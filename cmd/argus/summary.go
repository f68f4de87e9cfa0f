package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/argusdbg/argus/backend"
)

// textWidth is where sentences are broken.
const textWidth = 90

// Below a table with times, once.
const timesText = "OF is the time that the program's threads ran, added up, and ON the part of it in which the watchpoint was on. " +
	"While it was off its memory was not written (CLEAN), or may have been (BLIND). " +
	"ESTIMATE is how many hits there would have been, had it been on all the time, give or take what stands beside it."

// Below a table with page guards, once.
const guardText = "A guard misses nothing, and costs something at every write to its page. FAULTS are these writes, " +
	"IDLE those of them that hit nothing which is watched. The pages that cost most are given slots, the debug registers; those of whole objects are not."

// summary is a table with a line for each watchpoint, and below it why its coverage is
// what it is.
func (t *textLines) summary(dst []byte, watches []figures) []byte {
	dst = t.table(dst, watches)
	for _, note := range notes(watches) {
		dst = wrapped(dst, note)
	}
	if slices.ContainsFunc(watches, guarded) {
		dst = t.pal.append(dst, dim, string(wrapped(nil, guardText)))
	}
	if slices.ContainsFunc(watches, hadOthers) {
		dst = t.pal.append(dst, dim, string(wrapped(nil, othersText)))
	}
	if slices.ContainsFunc(watches, tookTurns) {
		dst = t.pal.append(dst, dim, string(wrapped(nil, timesText)))
	}
	return dst
}

// column is one of the table.
type column struct {
	heading string
	left    bool               // it begins where the heading does
	needed  func(figures) bool // it is there if this is so of a watchpoint; nil: always
	text    func(figures) string
}

var tableColumns = []column{
	{"WATCHPOINT", true, nil, func(f figures) string { return f.expr }},
	{"GROUP", false, func(f figures) bool { return f.group > 0 }, func(f figures) string { return orNothing(uint64(f.group)) }},
	{"CALLS", false, func(f figures) bool { return f.Calls > 0 }, func(f figures) string { return orNothing(f.Calls) }},
	{"HITS", false, nil, func(f figures) string { return fmt.Sprint(f.Hits) }},
	{"REPORTED", false, func(f figures) bool { return f.Reported != f.Hits }, func(f figures) string { return fmt.Sprint(f.Reported) }},
	{"COVERAGE", true, nil, func(f figures) string { return string(f.Coverage) }},
	{"WATCHED BY", true, guarded, func(f figures) string { return watchedBy(&f.Stats) }},
	{"FAULTS", false, guarded, func(f figures) string { return orNothing(f.Faults) }},
	{"IDLE", false, guarded, func(f figures) string { return orNothing(f.Idle) }},
	{"ON", false, tookTurns, func(f figures) string { return percent(f.Share()) }},
	{"OF", false, tookTurns, func(f figures) string { return short(f.Enabled) }},
	{"CLEAN", false, func(f figures) bool { return f.Clean > 0 }, func(f figures) string { return short(f.Clean) }},
	{"BLIND", false, func(f figures) bool { return f.Blind > 0 }, func(f figures) string { return short(f.Blind) }},
	{"ESTIMATE", false, tookTurns, func(f figures) string { e, _ := estimate(&f.Stats); return e }},
	{"+/-", false, tookTurns, func(f figures) string { _, bound := estimate(&f.Stats); return bound }},
	{"OTHERS", false, hadOthers, func(f figures) string { return fmt.Sprint(f.Others) }},
	{"UNSEEN", false, func(f figures) bool { return f.Unseen > 0 }, func(f figures) string { return fmt.Sprint(f.Unseen) }},
	{"LOST", false, nil, func(f figures) string { return fmt.Sprint(f.Lost) }},
}

// hadOthers reports whether goroutines were there that are not meant.
func hadOthers(f figures) bool { return f.Others > 0 }

// tookTurns reports whether it was not on all the time.
func tookTurns(f figures) bool { return f.Running < f.Enabled }

// guarded reports whether page guards or single steps watch it, or did for a time.
func guarded(f figures) bool { return f.Guarded || f.Stepped || f.Moves > 0 }

// watchedBy says what has it.
func watchedBy(st *backend.Stats) string {
	switch {
	case st.Guarded:
		return "guard"
	case st.Stepped:
		return "steps"
	}
	return "slot"
}

func (t *textLines) table(dst []byte, watches []figures) []byte {
	lines := make([]string, len(watches)+1)
	for _, c := range tableColumns {
		if c.needed != nil && !slices.ContainsFunc(watches, c.needed) {
			continue
		}
		cells := []string{c.heading}
		for _, f := range watches {
			cells = append(cells, c.text(f))
		}
		width := 0
		for _, text := range cells {
			width = max(width, utf8.RuneCountInString(text))
		}
		for i, text := range cells {
			gap := strings.Repeat(" ", width-utf8.RuneCountInString(text))
			if lines[i] != "" {
				lines[i] += "  "
			}
			if c.left {
				lines[i] += text + gap
			} else {
				lines[i] += gap + text
			}
		}
	}
	dst = append(t.pal.append(dst, dim, lines[0]), '\n')
	for i, f := range watches {
		line := lines[i+1]
		if f.Coverage == backend.Partial || f.Coverage == backend.Void {
			line = t.pal.text(red, line)
		}
		dst = append(append(dst, line...), '\n')
	}
	return dst
}

// notes say why coverages are what they are, each reason once, and why a watchpoint
// ended before the program. A reason is that of a coverage if all that have it have the
// same; otherwise it goes by the names of the watchpoints.
func notes(watches []figures) (all []string) {
	type note struct {
		coverage backend.Coverage
		reason   string
	}
	noteOf := func(f figures) note { return note{f.Coverage, reasonText(&f.Stats)} }
	var seen []note
	for _, f := range watches {
		n := noteOf(f)
		if n.reason == "" || slices.Contains(seen, n) {
			continue
		}
		seen = append(seen, n)
		var names []string
		alike := n.coverage != backend.Exact && len(watches) > 1
		for _, g := range watches {
			switch {
			case noteOf(g) == n:
				names = append(names, g.expr)
			case g.Coverage == n.coverage:
				alike = false
			}
		}
		who := strings.Join(names, ", ")
		if alike {
			who = string(n.coverage)
		}
		all = append(all, who+": "+n.reason)
	}
	return all
}

// reasonText is the reason without what the table says: so that it is the same for
// watchpoints that shared the registers.
func reasonText(st *backend.Stats) string {
	text := st.Reason
	if tookTurns(figures{Stats: *st}) {
		text = strings.TrimSuffix(text, "; the value changed without a hit") // the table says how often
	}
	return strings.ReplaceAll(text, " for "+st.Blind.String(), " for a time")
}

// wrapped adds a text, broken into lines, of which those after the first are indented.
func wrapped(dst []byte, text string) []byte {
	width := 0
	for i, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case width+1+n > textWidth:
			dst, width = append(dst, "\n  "...), 2
		default:
			dst, width = append(dst, ' '), width+1
		}
		dst, width = append(dst, word...), width+n
	}
	return append(dst, '\n')
}

func orNothing(n uint64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatUint(n, 10)
}

// percent is a part of 1. It is 0% or 100% only if it is that exactly.
func percent(part float64) string {
	switch {
	case part == 0:
		return "0%"
	case part < 0.001:
		return "<0.1%"
	case part < 0.095:
		return fmt.Sprintf("%.1f%%", 100*part)
	case part > 0.999 && part < 1:
		return ">99.9%"
	case part > 0.99 && part < 1:
		return fmt.Sprintf("%.1f%%", 100*part)
	}
	return fmt.Sprintf("%.0f%%", 100*part)
}

// short is a time in three digits.
func short(d time.Duration) string {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit).String()
}

// estimate is how many hits there were, and how much more or less it may have been,
// rounded to two digits of that.
func estimate(st *backend.Stats) (hits, bound string) {
	if !st.EstimateKnown || math.IsInf(st.Estimate+st.EstimateError, 0) {
		return "?", "?"
	}
	step := 1.0
	for st.EstimateError/step > 99 {
		step *= 10
	}
	round := func(f float64) string { return strconv.FormatFloat(f*step, 'f', 0, 64) }
	return round(math.Round(st.Estimate / step)), round(math.Ceil(st.EstimateError / step))
}
