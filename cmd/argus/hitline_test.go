package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/argusdbg/argus/backend"
)

func sampleHit(function string) *backend.Hit {
	return &backend.Hit{
		Watchpoint: &backend.Watchpoint{}, Time: 1500 * time.Microsecond, Thread: 77, Access: backend.Write,
		Goroutine: backend.Goroutine{ID: 7, Start: "example.com/dir/pkg.worker"},
		Place:     backend.Place{PC: 0x1234, Function: function, File: "/nosuch/file.go", Line: 12},
	}
}

// TestColumns: a column that has grown stays as wide, and one long text shifts its own
// line only.
func TestColumns(t *testing.T) {
	lines := newTextLines(false, &options{watches: []watchArg{{expr: "main.x", access: backend.Write}}})
	at := func(function string) int {
		t.Helper()
		line := string(lines.hit(nil, sampleHit(function)))
		if !strings.Contains(line, "  0.001500  ") || !strings.Contains(line, "7 pkg.worker") || !strings.HasSuffix(line, "/nosuch/file.go:12\n") {
			t.Errorf("got %q", line)
		}
		return strings.Index(line[strings.LastIndex(line, "77"):], "/nosuch")
	}
	first := at("main.f")
	if again := at("main.g"); again != first {
		t.Errorf("column %d, then %d", first, again)
	}
	wider := at("main.aFunctionWithALongName")
	if wider <= first || at("main.f") != wider {
		t.Errorf("column %d, then %d, then %d", first, wider, at("main.f"))
	}
	widest := at("main." + strings.Repeat("x", 3*maxColumn))
	if after := at("main.f"); after >= widest || after < maxColumn {
		t.Errorf("column %d after %d", after, widest)
	}
}

func TestHitErrors(t *testing.T) {
	lines := newTextLines(true, &options{})
	h := sampleHit("")
	h.CondErr, h.PlaceErr = errors.New("two\nlines"), errors.New("why")
	h.Goroutine = backend.Goroutine{}
	h.Place.File = ""
	line := string(lines.hit(nil, h))
	for _, want := range []string{"(two; lines)", "(or just before: why)", "none", "0x1234", "?"} {
		if !strings.Contains(line, want) {
			t.Errorf("no %q in %q", want, line)
		}
	}
	if n := strings.Count(line, "\n"); n != 2 { // one is the heading's
		t.Errorf("%d lines: %q", n, line)
	}
}

func TestAccessText(t *testing.T) {
	lines := newTextLines(false, &options{watches: []watchArg{{expr: "main.x", access: backend.ReadWrite}}})
	for access, want := range map[backend.Access]string{backend.Write: "write  -> ", backend.Read: "read  ", backend.ReadWrite: "read or written "} {
		h := sampleHit("f")
		h.Access = access
		if got := lines.values(h); got != want {
			t.Errorf("%v: %q, want %q", access, got, want)
		}
	}
}

// TestChanges: an assignment to an object is told by the parts that it has changed.
func TestChanges(t *testing.T) {
	h := sampleHit("main.f")
	h.Changes = []backend.Change{{Path: "main.o.A", Old: "1", New: "2"}, {Path: "main.o.B", Old: "3", New: "4"}}
	h.More = 5
	got := string(newTextLines(false, &options{}).hit(nil, h))
	for _, want := range []string{"  main.o.A    1 -> 2", "\n            main.o.B    3 -> 4\n", "\n            and 5 more"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	line := string(newJSONLines().hit(nil, h))
	for _, want := range []string{`"changes":[{"kind":"set","path":"main.o.A","old":"1","new":"2",`, `"text":"main.o.B: 3 -> 4"}`, `"more_changes":5`} {
		if !strings.Contains(line, want) {
			t.Errorf("no %s in %s", want, line)
		}
	}
	if line := string(newJSONLines().hit(nil, sampleHit("main.f"))); strings.Contains(line, "changes") {
		t.Errorf("changes of no object: %s", line)
	}
}
