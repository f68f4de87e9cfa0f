package main

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/argusdbg/argus/backend"
)

// end says in words how it ended.
func (t *textLines) end(dst []byte, e *ending) []byte {
	if t.begun {
		dst = append(dst, '\n')
		t.begun = false
	}
	return append(append(dst, endText(e)...), '\n')
}

func endText(e *ending) string {
	switch ev := e.event.(type) {
	case *backend.Exit:
		switch {
		case e.reason == byStopAfter:
			return fmt.Sprintf("%s ended by argus after %s (--stop-after)", e.name, plural(e.hits, "hit"))
		case e.reason == byReader:
			return e.name + " ended by argus: " + errClosed.Error()
		case e.reason == bySignal:
			return e.name + " killed by argus, at the second signal"
		case ev.Unknown:
			return e.name + " exited with a status that only its parent knows"
		case ev.Signal != "":
			return fmt.Sprintf("%s killed by %s", e.name, ev.Signal)
		}
		return fmt.Sprintf("%s exited with status %d", e.name, ev.Status)
	case *backend.Exec:
		if ev.Path == "" {
			return e.name + " replaced itself by another program, which is not watched"
		}
		return fmt.Sprintf("%s replaced itself by %s, which is not watched", e.name, ev.Path)
	case *backend.Detached:
		after := ""
		if e.reason == byStopAfter {
			after = fmt.Sprintf(" after %s (--stop-after)", plural(e.hits, "hit"))
		}
		return fmt.Sprintf("detached from %s%s; it runs on", e.name, after)
	}
	return e.name + ": " + e.event.String()
}

func plural(n uint64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// summary is a table with a line for each watchpoint.
func (t *textLines) summary(dst []byte, watches []*backend.Watchpoint) []byte {
	rows := [][]string{{"WATCHPOINT", "HITS", "REPORTED", "COVERAGE", "LOST"}}
	var reasons []string
	reported := false
	for _, w := range watches {
		st := w.Stats()
		reported = reported || st.Reported != st.Hits
		rows = append(rows, []string{w.Expr(), fmt.Sprint(st.Hits), fmt.Sprint(st.Reported), string(st.Coverage), fmt.Sprint(st.Lost)})
		reasons = append(reasons, reasonText(st))
	}
	var widths [5]int
	for _, row := range rows {
		for i, text := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(text))
		}
	}
	for n, row := range rows {
		line := row[0] + strings.Repeat(" ", widths[0]-utf8.RuneCountInString(row[0]))
		line += fmt.Sprintf("  %*s", widths[1], row[1])
		if reported {
			line += fmt.Sprintf("  %*s", widths[2], row[2])
		}
		line += fmt.Sprintf("  %-*s  %*s", widths[3], row[3], widths[4], row[4])
		switch {
		case n == 0:
			dst = t.pal.append(dst, dim, line)
		case row[3] != string(backend.Exact):
			dst = t.pal.append(dst, red, line)
		default:
			dst = append(dst, line...)
		}
		if n > 0 && reasons[n-1] != "" {
			dst = append(append(dst, "  "...), reasons[n-1]...)
		}
		dst = append(dst, '\n')
	}
	return dst
}

// reasonText says why the coverage is not exact, or why the watchpoint ended.
func reasonText(st backend.Stats) string {
	if st.Unseen > 0 {
		return fmt.Sprintf("%s, at least %s", st.Reason, plural(st.Unseen, "time"))
	}
	return st.Reason
}
