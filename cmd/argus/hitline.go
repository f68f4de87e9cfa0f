package main

import (
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/argusdbg/argus/backend"
)

// Columns of a hit line. Those that vary grow with what comes, up to maxColumn, so that
// lines stay aligned and a long value shifts only its own line.
const (
	colWatch = iota
	colValue
	colGoroutine
	colThread
	colFunction
	columns

	maxColumn = 40
	timeWidth = 10 // seconds with six decimals
)

var headings = [columns]string{"WATCHPOINT", "OLD -> NEW", "GOROUTINE", "THREAD", "WRITTEN BY"}

// textLines prints for people.
type textLines struct {
	pal    palette
	files  *shortFile
	widths [columns]int
	reads  bool // some watchpoint fires on reads: say which it was
	begun  bool
	cells  [columns]cell // room
}

type cell struct {
	plain string
	sgr   string
}

func newTextLines(pal palette, o *options) *textLines {
	t := &textLines{pal: pal, files: newShortFile(), widths: [columns]int{10, 14, 14, 6, 14}}
	for _, w := range o.watches {
		t.widths[colWatch] = min(max(t.widths[colWatch], utf8.RuneCountInString(w.expr)), maxColumn)
		t.reads = t.reads || w.access != backend.Write
	}
	return t
}

func (t *textLines) hit(dst []byte, h *backend.Hit) []byte {
	t.cells[colWatch] = cell{h.Watchpoint.Expr(), cyan}
	t.cells[colValue] = cell{t.values(h), bold}
	t.cells[colGoroutine] = cell{goroutineText(h.Goroutine), ""}
	t.cells[colThread] = cell{strconv.Itoa(h.Thread), dim}
	t.cells[colFunction] = cell{writerText(h), green}
	for i, c := range t.cells {
		t.widths[i] = max(t.widths[i], min(utf8.RuneCountInString(c.plain), maxColumn))
	}
	if !t.begun {
		t.begun = true
		dst = t.heading(dst)
	}
	at := strconv.FormatFloat(h.Time.Seconds(), 'f', 6, 64)
	dst = t.pal.append(dst, dim, fmt.Sprintf("%*s", timeWidth, at))
	for i, c := range t.cells {
		dst = append(dst, "  "...)
		gap := t.widths[i] - utf8.RuneCountInString(c.plain)
		if i == colThread { // a number
			dst = spaces(dst, gap)
		}
		dst = t.pal.append(dst, c.sgr, c.plain)
		if i != colThread {
			dst = spaces(dst, gap)
		}
	}
	dst = append(dst, "  "...)
	dst = t.pal.append(dst, dim, t.position(h.Place))
	if h.PlaceErr != nil {
		dst = fmt.Appendf(dst, "  (or just before: %s)", oneLine(h.PlaceErr.Error()))
	}
	if h.CondErr != nil {
		dst = append(dst, "  "...)
		dst = t.pal.append(dst, red, "("+oneLine(h.CondErr.Error())+")")
	}
	dst = append(dst, '\n')
	for _, f := range h.Stack {
		dst = spaces(dst, timeWidth+4)
		dst = append(append(dst, functionText(f.Place)...), "  "...)
		dst = append(t.pal.append(dst, dim, t.position(f.Place)), '\n')
	}
	return dst
}

func (t *textLines) heading(dst []byte) []byte {
	line := fmt.Sprintf("%*s", timeWidth, "TIME")
	names := headings
	if t.reads {
		names[colValue], names[colFunction] = "ACCESS", "BY"
	}
	for i, name := range names {
		width := -t.widths[i]
		if i == colThread {
			width = -width
		}
		line += fmt.Sprintf("  %*s", width, name)
	}
	return append(t.pal.append(dst, dim, line+"  AT"), '\n')
}

// values says what happened to the value.
func (t *textLines) values(h *backend.Hit) string {
	change := h.Old.String() + " -> " + h.New.String()
	switch {
	case !t.reads:
		return change
	case h.Access == backend.Read:
		return "read  " + h.New.String()
	case h.Access == backend.Write:
		return "write " + change
	case slices.Equal(h.Old.Bytes(), h.New.Bytes()):
		return "read or written " + h.New.String()
	}
	return "read and written " + change
}

func goroutineText(g backend.Goroutine) string {
	if g.ID == 0 {
		return "none"
	}
	return fmt.Sprintf("%d %s", g.ID, shortFunc(g.Start))
}

// writerText names who made the access: a function, and the system call that it made if
// that did.
func writerText(h *backend.Hit) string {
	if h.Call != "" {
		return h.Call + "(2) in " + functionText(h.Place)
	}
	return functionText(h.Place)
}

func functionText(p backend.Place) string {
	if p.Function == "" {
		return fmt.Sprintf("%#x", p.PC)
	}
	return shortFunc(p.Function)
}

func (t *textLines) position(p backend.Place) string {
	if p.File == "" {
		return "?"
	}
	return t.files.of(p.File) + ":" + strconv.Itoa(p.Line)
}

func (t *textLines) scopeEnd(dst []byte, w *backend.Watchpoint) []byte {
	return fmt.Appendf(dst, "%s: %s, it is watched no longer\n", w.Expr(), w.Stats().Reason)
}

func spaces(dst []byte, n int) []byte {
	for range n {
		dst = append(dst, ' ')
	}
	return dst
}
