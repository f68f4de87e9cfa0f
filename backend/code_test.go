package backend

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// atCall stops the program that calls functions at a location. No breakpoint is left.
func atCall(t testing.TB, location string) *Session {
	t.Helper()
	testkit.Watchdog(t)
	s := launchPath(t, testkit.Target(t, "calls", testkit.Debug))
	b := setBreak(t, s, location, "")
	stopAt(t, s.Continue, ReasonBreakpoint)
	if err := b.Remove(context.Background()); err != nil {
		t.Fatal(err)
	}
	return s
}

// sourceOf is the source of a target.
func sourceOf(t testing.TB, target string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "internal", "testkit", "targets", target, "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// lineSaying is the line of a target's source with a comment.
func lineSaying(t testing.TB, target, comment string) int {
	t.Helper()
	for i, line := range strings.Split(sourceOf(t, target), "\n") {
		if strings.HasSuffix(line, "// "+comment) {
			return i + 1
		}
	}
	t.Fatalf("no line says // %s", comment)
	return 0
}

func TestNames(t *testing.T) {
	s := atCall(t, "main.work")
	ctx := context.Background()
	for _, c := range []struct {
		name    string
		list    func(context.Context, string) ([]string, error)
		filter  string
		want    []string
		without string
	}{
		{"functions", s.Functions, `^main\.(one|two|down)$`, []string{"main.down", "main.one", "main.two"}, ""},
		{"all functions", s.Functions, "", []string{"main.main", "main.(*square).area", "runtime.gopark"}, ""},
		{"types", s.Types, `^main\.`, []string{"main.named", "main.shape", "main.square"}, "int"},
		{"no type", s.Types, `^nothing$`, nil, "int"},
	} {
		got, err := c.list(ctx, c.filter)
		if err != nil || !slices.IsSorted(got) || slices.Contains(got, c.without) || len(slices.Compact(slices.Clone(got))) != len(got) {
			t.Errorf("%s: %d of them, %v", c.name, len(got), err)
		}
		for _, w := range c.want {
			if !slices.Contains(got, w) {
				t.Errorf("%s: no %s", c.name, w)
			}
		}
		if c.want == nil && len(got) != 0 {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	sources, err := s.Sources(ctx, "/calls/main.go$")
	if err != nil || len(sources) != 1 || !filepath.IsAbs(sources[0]) {
		t.Errorf("sources %v, %v", sources, err)
	}
	var bad *ExprError
	if _, err := s.Sources(ctx, "("); !errors.As(err, &bad) {
		t.Errorf("a broken expression: %v", err)
	}
	if pkg, err := s.Package(ctx, Selected); err != nil || pkg != "main" {
		t.Errorf("package %q, %v", pkg, err)
	}
	if pkg, err := s.Package(ctx, Scope{Goroutine: -1, Frame: 2}); err != nil || pkg != "runtime" {
		t.Errorf("package of runtime.main %q, %v", pkg, err)
	}
	images, err := s.Images(ctx)
	if err != nil || len(images) == 0 || !images[0].Go || filepath.Base(images[0].Path) != filepath.Base(s.Path()) || images[0].Err != nil {
		t.Errorf("images %+v, %v", images, err)
	}
}

// TestStatementLines: a breakpoint is exactly where it was asked for on the lines that
// are listed, and on no others.
func TestStatementLines(t *testing.T) {
	s := atCall(t, "main.work")
	ctx := context.Background()
	total := strings.Count(sourceOf(t, "calls"), "\n")
	lines, err := s.StatementLines(ctx, "calls/main.go", -5, 1<<40)
	if err != nil || !slices.Contains(lines, lineSaying(t, "calls", "line")) {
		t.Fatalf("%v, %v", lines, err)
	}
	for line := 1; line <= total; line++ {
		b, err := s.Break(ctx, "calls/main.go:"+strconv.Itoa(line), "")
		if listed := slices.Contains(lines, line); listed != (err == nil) {
			t.Errorf("line %d: listed %v, break: %v", line, listed, err)
		}
		if err == nil {
			if err := b.Remove(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
	one, err := s.StatementLines(ctx, "calls/main.go", lines[3], lines[3])
	if err != nil || !slices.Equal(one, lines[3:4]) {
		t.Errorf("%v, %v", one, err)
	}
	if none, err := s.StatementLines(ctx, "calls/main.go", 9, 3); err != nil || len(none) != 0 {
		t.Errorf("%v, %v", none, err)
	}
	if _, err := s.StatementLines(ctx, "nowhere.go", 1, 9); err == nil {
		t.Error("a file that is not there has lines")
	}
}

func TestRegisters(t *testing.T) {
	s := atCall(t, "main.one")
	ctx := context.Background()
	regs, err := s.Registers(ctx, Selected, false)
	if err != nil || len(regs) < 17 {
		t.Fatalf("%v, %v", regs, err)
	}
	frames, err := s.Stack(ctx, -1, 3)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range frames[:2] {
		regs, err := s.Registers(ctx, Scope{Goroutine: -1, Frame: i}, false)
		if err != nil {
			t.Fatal(err)
		}
		if pc, err := strconv.ParseUint(regs[0].Value, 0, 64); err != nil || pc != f.PC {
			t.Errorf("frame %d: %v, %v; its PC is %#x", i, regs[0], err, f.PC)
		}
	}
	all, err := s.Registers(ctx, Selected, true)
	if err != nil || len(all) <= len(regs) {
		t.Errorf("%d registers, with floating point %d, %v", len(regs), len(all), err)
	}
	if _, err := s.Registers(ctx, Scope{Goroutine: -1, Frame: 99}, true); err == nil {
		t.Error("registers of a frame that is not there")
	}
}

func TestReadAvailable(t *testing.T) {
	s := atCall(t, "main.one")
	ctx := context.Background()
	code, err := s.Disassemble(ctx, stopPC(t, s), 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, len(code[0].Bytes))
	if n, err := s.ReadAvailable(ctx, code[0].Addr, buf); err != nil || n != len(buf) || !bytes.Equal(buf, code[0].Bytes) {
		t.Errorf("%d bytes %x, %v; the program has %x", n, buf, err, code[0].Bytes)
	}
	if n, err := s.ReadAvailable(ctx, 8, buf); err == nil || n != 0 {
		t.Errorf("%d bytes at address 8, %v", n, err)
	}
	big := make([]byte, 64<<20)
	n, err := s.ReadAvailable(ctx, code[0].Addr, big)
	if err != nil || n < 4096 || n == len(big) {
		t.Errorf("%d bytes of 64 MiB, %v", n, err)
	}
}

func stopPC(t testing.TB, s *Session) uint64 {
	t.Helper()
	frames, err := s.Stack(context.Background(), -1, 1)
	if err != nil {
		t.Fatal(err)
	}
	return frames[0].PC
}
