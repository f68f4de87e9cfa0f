package backend

import (
	"cmp"
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-delve/delve/pkg/proc"
	"pgregory.net/rapid"
)

// boundaries are the addresses of the instructions of a program's function, as go tool
// objdump says.
func boundaries(t *testing.T, path, function string) []uint64 {
	t.Helper()
	out, err := exec.Command("go", "tool", "objdump", "-s", "^"+regexp.QuoteMeta(function)+"$", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	var list []uint64
	for line := range strings.Lines(string(out)) {
		if f := strings.Fields(line); len(f) > 2 && strings.HasPrefix(f[1], "0x") {
			addr, err := strconv.ParseUint(f[1], 0, 64)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, addr)
		}
	}
	return list
}

// TestDisassemble: whatever part is asked for, it is count instructions, and those are
// at the real boundaries.
func TestDisassemble(t *testing.T) {
	s := atCall(t, "main.work")
	ctx := context.Background()
	var want []uint64
	for _, f := range []string{"main.one", "main.two", "main.both", "main.down", "main.work"} {
		want = append(want, boundaries(t, s.Path(), f)...)
	}
	slices.Sort(want)
	known := map[uint64]bool{}
	for _, a := range want {
		known[a] = true
	}
	lo, hi := want[0], want[len(want)-1]
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.SampledFrom(want).Draw(t, "at")
		before, count := rapid.IntRange(-60, 60).Draw(t, "before"), rapid.IntRange(0, 120).Draw(t, "count")
		list, err := s.Disassemble(ctx, at, before, count)
		if err != nil || len(list) != count {
			t.Fatalf("%d instructions, %v; want %d", len(list), err, count)
		}
		for i, in := range list {
			if !in.Valid() || in.Text == "" {
				t.Fatalf("instruction %d: %+v", i, in)
			}
			if i > 0 && in.Addr != list[i-1].end() {
				t.Fatalf("instruction %d at %#x is not behind %+v", i, in.Addr, list[i-1])
			}
			if strings.HasPrefix(in.Function, "main.") && in.Addr >= lo && in.Addr <= hi && known[in.Addr-in.Offset] && !known[in.Addr] {
				t.Fatalf("no instruction begins at %#x: %+v", in.Addr, in)
			}
		}
		if before >= 0 && before < count && list[before].Addr != at {
			t.Fatalf("%d before %#x: %#x is there", before, at, list[before].Addr)
		}
	})
	// In the middle of an instruction: those before it are real, the others follow on.
	for i, a := range want[:len(want)-1] {
		if want[i+1]-a < 3 || want[i+1]-a > 15 {
			continue
		}
		list, err := s.Disassemble(ctx, a+1, 2, 4)
		if err != nil || list[2].Addr != a+1 || i > 2 && list[1].end() > a+1 {
			t.Errorf("around the middle of %#x: %+v, %v", a, list, err)
		}
		break
	}
}

// TestDisassembleNothing: where there is no code there are invalid instructions, and as
// many as were asked for.
func TestDisassembleNothing(t *testing.T) {
	s := atCall(t, "main.work")
	ctx := context.Background()
	for _, c := range []struct {
		addr          uint64
		before, count int
	}{{0, 0, 3}, {0, 5, 10}, {8, 2, 4}, {8, 200, 4}, {1<<64 - 1, 0, 5}, {1<<64 - 1, 3, 2}, {1<<64 - 4096, 10, 20}, {1 << 63, -5, 4}} {
		list, err := s.Disassemble(ctx, c.addr, c.before, c.count)
		if err != nil || len(list) != c.count {
			t.Errorf("%+v: %d, %v", c, len(list), err)
		}
		if slices.ContainsFunc(list, Instruction.Valid) {
			t.Errorf("%+v: %+v", c, list)
		}
		if !slices.IsSortedFunc(list, func(a, b Instruction) int { return cmp.Compare(a.Addr, b.Addr) }) {
			t.Errorf("%+v: out of order: %+v", c, list)
		}
	}
	for _, c := range [][2]int{{0, -1}, {0, 1 << 30}, {1 << 30, 1}, {-1 << 40, 1}} {
		if _, err := s.Disassemble(ctx, 8, c[0], c[1]); err == nil {
			t.Errorf("%v: no error", c)
		}
	}
	// The first function of the program: nobody knows what is before it.
	fns := s.target.BinInfo().Functions
	first := fns[slices.IndexFunc(fns, func(f proc.Function) bool { return f.Entry != 0 })].Entry
	list, err := s.Disassemble(ctx, first, 3, 6)
	if err != nil || list[2].Valid() || list[2].Addr != first-1 || !list[3].Valid() || list[3].Addr != first {
		t.Errorf("around %#x: %+v, %v", first, list, err)
	}
}

// TestDisassembleBreakpoint: breakpoints are not seen in the code, and calls say where
// they go.
func TestDisassembleBreakpoint(t *testing.T) {
	s := atCall(t, "main.work")
	ctx := context.Background()
	setBreak(t, s, "main.work", "")
	pc := stopPC(t, s) // where one is
	list, err := s.Disassemble(ctx, pc, 0, 200)
	if err != nil {
		t.Fatal(err)
	}
	if len(list[0].Bytes) == 1 && list[0].Bytes[0] == 0xcc {
		t.Errorf("%+v is the breakpoint", list[0])
	}
	var called []string
	for _, in := range list {
		if in.Call != "" {
			called = append(called, in.Call)
		}
		if in.Function == "main.work" && (in.Line == 0 || !strings.HasSuffix(in.File, "/main.go")) {
			t.Errorf("%+v is nowhere", in)
		}
	}
	if want := []string{"main.one", "main.two", "main.both"}; !strings.Contains(fmt.Sprint(called), strings.Trim(fmt.Sprint(want), "[]")) {
		t.Errorf("calls %v, want %v", called, want)
	}
}
