package main

import (
	"fmt"
	"slices"
	"strconv"
	"time"
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
}

func newTextLines(pal palette, o *options) *textLines {
	t := &textLines{pal: pal, files: newShortFile(), widths: [columns]int{10, 14, 14, 6, 14}}
	call := ""
	if o.in != "" {
		call = " (call 1)"
	}
	for _, w := range o.watches {
		t.widths[colWatch] = min(max(t.widths[colWatch], utf8.RuneCountInString(w.expr+call)), maxColumn)
		t.reads = t.reads || w.access != backend.Write
	}
	return t
}

// row is one access as it is printed.
type row struct {
	at       time.Duration
	cells    [columns]string
	place    backend.Place
	placeErr error
	condErr  error
	others   []backend.Change // what else the same assignment has changed
	more     int              // and how many more
	stack    []backend.Frame
}

func (t *textLines) hit(dst []byte, h *backend.Hit) []byte {
	r := row{at: h.Time, place: h.Place, placeErr: h.PlaceErr, condErr: h.CondErr, stack: h.Stack, more: h.More, cells: [columns]string{
		colWatch: watchName(h.Watchpoint), colValue: t.values(h), colGoroutine: goroutineText(h.Goroutine),
		colThread: strconv.Itoa(h.Thread), colFunction: byText(h)}}
	if len(h.Changes) > 0 {
		r.cells[colWatch], r.cells[colValue] = h.Changes[0].Path, t.what(h.Changes[0])
		r.others = h.Changes[1:]
	}
	return t.row(dst, &r)
}

// colors are those of the columns.
var colors = [columns]string{colWatch: cyan, colValue: bold, colThread: dim, colFunction: green}

func (t *textLines) row(dst []byte, r *row) []byte {
	for i, text := range r.cells {
		t.widths[i] = max(t.widths[i], min(utf8.RuneCountInString(text), maxColumn))
	}
	if !t.begun {
		t.begun = true
		dst = t.heading(dst)
	}
	at := strconv.FormatFloat(r.at.Seconds(), 'f', 6, 64)
	dst = spaces(dst, timeWidth-len(at))
	dst = t.pal.append(dst, dim, at)
	for i, text := range r.cells {
		dst = append(dst, "  "...)
		gap := t.widths[i] - utf8.RuneCountInString(text)
		if i == colThread { // a number
			dst = spaces(dst, gap)
		}
		dst = t.pal.append(dst, colors[i], text)
		if i != colThread {
			dst = spaces(dst, gap)
		}
	}
	dst = append(dst, "  "...)
	dst = t.pal.append(dst, dim, t.position(r.place))
	if r.placeErr != nil {
		dst = fmt.Appendf(dst, "  (or just before: %s)", oneLine(r.placeErr.Error()))
	}
	if r.condErr != nil {
		dst = append(dst, "  "...)
		dst = t.pal.append(dst, red, "("+oneLine(r.condErr.Error())+")")
	}
	dst = append(dst, '\n')
	for _, c := range r.others {
		dst = t.also(dst, c.Path, t.what(c))
	}
	if r.more > 0 {
		dst = t.also(dst, fmt.Sprintf("and %d more", r.more), "")
	}
	for _, f := range r.stack {
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

// also is a line for what else an assignment has changed.
func (t *textLines) also(dst []byte, path, what string) []byte {
	dst = t.pal.append(spaces(dst, timeWidth+2), cyan, path)
	dst = spaces(dst, max(0, t.widths[colWatch]-utf8.RuneCountInString(path)))
	return append(t.pal.append(append(dst, "  "...), bold, what), '\n')
}

// what says what has changed of an object.
func (t *textLines) what(c backend.Change) string {
	if t.reads {
		return "write " + c.What()
	}
	return c.What()
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

// byText names who made the access.
func byText(h *backend.Hit) string {
	if h.Parked {
		return "(a channel operation while parked in) " + functionText(h.Place)
	}
	return writerText(h.Call, h.Place)
}

// writerText names who made the access: a function, and the system call that it made if
// that did.
func writerText(call string, p backend.Place) string {
	if call != "" {
		return call + "(2) in " + functionText(p)
	}
	return functionText(p)
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

func (t *textLines) ended(dst []byte, w *backend.Watchpoint) []byte {
	end := w.End()
	return fmt.Appendf(dst, "%s is watched no longer, its last value was %s: %s\n", w.Expr(), end.Last, end.Reason)
}

func spaces(dst []byte, n int) []byte {
	for range n {
		dst = append(dst, ' ')
	}
	return dst
}
