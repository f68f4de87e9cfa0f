package dap

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/argusdbg/argus/backend"
	"github.com/google/go-dap"
)

// fakeRecords are a trace's records.
type fakeRecords struct {
	list   []*backend.Record
	began  time.Time
	lost   uint64
	unseen uint64
	closed bool
}

func (f *fakeRecords) Next() *backend.Record {
	if len(f.list) == 0 {
		return nil
	}
	r := f.list[0]
	f.list = f.list[1:]
	return r
}

func (f *fakeRecords) Began() time.Time { return f.began }
func (f *fakeRecords) Over() bool       { return false }
func (f *fakeRecords) Stats() backend.TraceStats {
	return backend.TraceStats{Lost: f.lost, Unseen: f.unseen}
}
func (f *fakeRecords) Stop() error  { return nil }
func (f *fakeRecords) Close() error { f.closed = true; return nil }

// at adds records that were made so many microseconds after the beginning.
func (f *fakeRecords) at(times ...int) {
	for _, us := range times {
		f.list = append(f.list, &backend.Record{Number: uint64(us), Time: time.Duration(us) * time.Microsecond})
	}
}

// newFakeLines are lines that are sent when a test has them be.
func newFakeLines() (l *logLines, sent *[]string) {
	sent = &[]string{}
	l = newLogLines(func(b dap.OutputEventBody) { *sent = append(*sent, strings.TrimSpace(b.Output)) })
	l.pumping = true
	return l, sent
}

func addFake(l *logLines, name string) (*logTrace, *fakeRecords) {
	f := &fakeRecords{began: fakesBegan}
	t := &logTrace{records: f, name: name}
	t.line = func(r *backend.Record) dap.OutputEventBody {
		return dap.OutputEventBody{Output: fmt.Sprintf("%s %d", name, r.Number)}
	}
	l.add(t)
	return t, f
}

func stopLine(text string) dap.OutputEventBody { return dap.OutputEventBody{Output: text} }

// TestLogLinesInOrder: lines of several traces, and of stops, are in the order of their
// writes, and none is sent before it is certain that nothing older comes.
func TestLogLinesInOrder(t *testing.T) {
	l, sent := newFakeLines()
	l.put(stopLine("alone"))
	_, a := addFake(l, "a")
	b, bs := addFake(l, "b")
	a.at(10, 30)
	bs.at(20, 40)
	l.put(stopLine("stop"))
	future := int(2 * time.Hour / time.Microsecond)
	a.at(future)
	l.turn()
	if want := []string{"alone", "a 10", "b 20", "a 30", "b 40"}; !slices.Equal(*sent, want) {
		t.Errorf("%q, and not yet the others", *sent)
	}
	bs.at(50, future-1)
	l.flush()
	want := []string{"alone", "a 10", "b 20", "a 30", "b 40", "b 50", "stop", fmt.Sprint("b ", future-1), fmt.Sprint("a ", future)}
	if !slices.Equal(*sent, want) {
		t.Errorf("%q, and not %q", *sent, want)
	}
	a.at(60)
	bs.at(70)
	l.change(b, func(*backend.Record) dap.OutputEventBody { return stopLine("changed") })
	bs.at(80)
	if err := l.remove(b); err != nil || !bs.closed {
		t.Error(err)
	}
	l.finish()
	if got := (*sent)[len(want):]; !slices.Equal(got, []string{"a 60", "b 70", "changed"}) {
		t.Errorf("%q", got)
	}
	l.close()
	if !a.closed {
		t.Error("a trace is left")
	}
}

var fakesBegan = time.Now().Add(-time.Hour)

var gapLine = regexp.MustCompile(`^(\d+) lines? of log points left out here`)

// inSequence holds numbered lines, one or more to each number that was written, against what
// is said to be left out between them, and returns the last number and how many were left out.
func inSequence(t *testing.T, lines []string, number *regexp.Regexp, last uint64) (end, left uint64) {
	t.Helper()
	end, left, err := sequence(lines, number, last)
	if err != nil {
		t.Fatal(err)
	}
	return end, left
}

func sequence(lines []string, number *regexp.Regexp, last uint64) (end, left uint64, err error) {
	gap := uint64(0)
	for _, line := range lines {
		if m := gapLine.FindStringSubmatch(line); m != nil {
			n, _ := strconv.ParseUint(m[1], 10, 64)
			gap, left = gap+n, left+n
			continue
		}
		m := number.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		n, err := strconv.ParseUint(m[1], 10, 64)
		if err != nil || n != last+gap+1 {
			return last, left, fmt.Errorf("%s after %d, with %d left out", line, last, gap)
		}
		last, gap = n, 0
	}
	return last + gap, left, nil
}

// TestLogLinesBounded: of what comes faster than it is sent no more waits than there is room
// for, and what is left out is counted where it is missing.
func TestLogLinesBounded(t *testing.T) {
	l, sent := newFakeLines()
	tr, f := addFake(l, "a")
	const floods, each = 6, 7_000
	next := 1
	for range floods {
		for range each {
			f.at(next)
			next++
		}
		for more := true; more; {
			more, _ = l.turn()
			if len(l.queue) > maxLogLines+1 || len(l.pending) > logBatch {
				t.Fatalf("%d lines and %d records wait", len(l.queue), len(l.pending))
			}
		}
		l.flush()
		l.put(stopLine("between"))
	}
	for i := range 3 * maxLogLines { // these are not left out
		l.put(stopLine(fmt.Sprint("stop ", i)))
		if len(l.queue)+len(l.pending) > 2*maxLogLines {
			t.Fatalf("%d lines wait", len(l.queue)+len(l.pending))
		}
	}
	for range 3 * maxLogLines {
		f.at(next)
		next++
	}
	l.look()
	l.turn()
	l.flush()
	end, left := inSequence(t, *sent, regexp.MustCompile(`^a (\d+)$`), 0)
	if end != uint64(next-1) || left == 0 || left != tr.leftOut {
		t.Errorf("%d of %d, %d left out, %d counted", end, next-1, left, tr.leftOut)
	}
	stops := slices.DeleteFunc(slices.Clone(*sent), func(s string) bool { return !strings.HasPrefix(s, "stop ") })
	if len(stops) != 3*maxLogLines || stops[len(stops)-1] != fmt.Sprint("stop ", len(stops)-1) {
		t.Errorf("%d lines of stops", len(stops))
	}
}

// TestLogLinesAtTheEnd: of a program that has ended nothing more is left out.
func TestLogLinesAtTheEnd(t *testing.T) {
	l, sent := newFakeLines()
	tr, f := addFake(l, "a")
	for i := range 3 * maxLogLines {
		f.at(i + 1)
	}
	l.finish()
	if end, left := inSequence(t, *sent, regexp.MustCompile(`^a (\d+)$`), 0); end != 3*maxLogLines || left != 0 || tr.leftOut != 0 {
		t.Errorf("%d lines, %d left out", end, left)
	}
}

// TestLogLosses: what was not recorded is told of, once.
func TestLogLosses(t *testing.T) {
	l, sent := newFakeLines()
	tr, f := addFake(l, "data breakpoint 1 on main.n")
	f.lost = 1
	l.turn()
	l.turn()
	f.lost, f.unseen = 12, 2
	if err := l.remove(tr); err != nil {
		t.Fatal(err)
	}
	if want := []string{"data breakpoint 1 on main.n: 1 write has left no line: the kernel did not record it", "data breakpoint 1 on main.n: 11 writes have left no line: the kernel did not record them",
		"data breakpoint 1 on main.n: the value was found changed 2 times by writes that have left no line: the processor did not report them, or another process made them"}; !slices.Equal(*sent, want) {
		t.Errorf("%q", *sent)
	}
}

// TestLogPump: lines come without anybody asking for them, until there are no traces any more.
func TestLogPump(t *testing.T) {
	lines := make(chan string)
	l := newLogLines(func(b dap.OutputEventBody) { lines <- b.Output })
	for range 2 {
		f := &fakeRecords{began: time.Now()}
		tr := &logTrace{records: f, line: func(*backend.Record) dap.OutputEventBody { return stopLine("line") }}
		f.at(1, 2, 3)
		l.add(tr)
		for range 3 {
			if got := <-lines; got != "line" {
				t.Error(got)
			}
		}
		if err := l.remove(tr); err != nil {
			t.Error(err)
		}
	}
	l.close()
}
