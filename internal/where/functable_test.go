package where

import (
	"slices"
	"testing"

	"github.com/go-delve/delve/pkg/proc"
	"pgregory.net/rapid"

	"github.com/argusdbg/argus/internal/glue"
	"github.com/argusdbg/argus/internal/testkit"
)

// TestCalls holds the program's own tables against debug information, at places all over
// a program: the same functions are inlined there, and the lines are the same.
func TestCalls(t *testing.T) {
	testkit.Watchdog(t)
	for _, mode := range testkit.Modes {
		t.Run(string(mode), func(t *testing.T) {
			target := launch(t, testkit.Scenarios(t, mode))
			th := target.CurrentThread().(*glue.Thread)
			l := New(target)
			if err := l.Load(); err != nil {
				t.Fatal(err)
			}
			places, unknown, inlined := 0, 0, 0
			functions := target.BinInfo().Functions
			for i := 0; i < len(functions); i += 5 {
				fn := &functions[i]
				if fn.Entry == 0 {
					continue // inlined everywhere
				}
				places++
				pc := fn.Entry + (fn.End-fn.Entry)*uint64(i%7)/7
				got, ok := l.Calls(pc)
				if !ok {
					unknown++
					continue
				}
				if want := delvesCalls(t, target, th, pc); !slices.Equal(got, want) {
					t.Errorf("%s: %+v\nDelve: %+v", fn.Name, got, want)
				}
				if len(got) > 1 {
					inlined++
				}
			}
			if places < 300 || unknown > places/5 || mode == testkit.Optimized && inlined < 50 {
				t.Errorf("of %d places %d are not known, and %d are in inlined calls", places, unknown, inlined)
			}
		})
	}
}

// delvesCalls are those of the stack's top, if that were at pc.
func delvesCalls(t *testing.T, target *proc.Target, th *glue.Thread, pc uint64) (list []Place) {
	t.Helper()
	defer target.ClearCaches()
	defer th.ForgetGoroutine()
	frames, err := proc.ThreadStacktrace(target, th.At(pc), 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range frames {
		if f.Err == nil {
			list = append(list, Place{PC: pc, Function: f.Call.Fn.Name, File: f.Call.File, Line: f.Call.Line})
		}
	}
	return list
}

// noise is memory with anything in it, and holes.
type noise []byte

func (m noise) ReadMemory(buf []byte, addr uint64) (int, error) {
	if addr/pageSize%5 == 4 {
		return 0, errNoTable
	}
	for i := range buf {
		buf[i] = m[(addr+uint64(i))%uint64(len(m))]
	}
	return len(buf), nil
}

// TestSpoiledTable: a table that the program has overwritten is of no use, and no harm.
func TestSpoiledTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mem := noise(rapid.SliceOfN(rapid.Byte(), 1, 300).Draw(t, "memory"))
		size := rapid.Uint64Range(0, 1<<16)
		r := func(name string) region {
			return region{rapid.Uint64Range(0, 1<<40).Draw(t, name), size.Draw(t, name+" size")}
		}
		tab := &funcTable{mem: mem, pages: map[uint64][]byte{}, text: 0x1000, quantum: 1, gofunc: 1 << 30,
			ftab: r("ftab"), funcs: r("funcs"), pctab: r("pctab"), cutab: r("cutab"), files: r("files"), names: r("names")}
		pc := rapid.Uint64Range(0, 1<<34).Draw(t, "pc")
		f := funcInfo{entry: 0x1000, pcsp: 1, pcfile: 2, pcln: 3, pcinline: 4, inlined: 1 << 20}
		_, _ = tab.info(pc)
		_, _ = tab.frameSize(pc, pc)
		_, _ = tab.value(f, f.pcsp, pc)
		_, _, _ = tab.lineIn(f, pc)
		_, _ = tab.callsIn(f, pc)
	})
}

// TestNoTable: without a table Lines still has lines.
func TestNoTable(t *testing.T) {
	testkit.Watchdog(t)
	target := launch(t, testkit.Scenarios(t, testkit.Debug))
	l := New(target)
	fn := target.BinInfo().LookupFunc()["main.spoil"][0]
	without := l.Outer(fn.Entry)
	if _, ok := l.FrameSize(fn.Entry); ok {
		t.Error("a frame's size without a table")
	}
	if _, ok := l.Calls(fn.Entry); ok {
		t.Error("calls without a table")
	}
	if err := l.Load(); err != nil {
		t.Fatal(err)
	}
	if with := l.Outer(fn.Entry); with != without || with.Line == 0 {
		t.Errorf("%+v, without the table %+v", with, without)
	}
	if n, ok := l.FrameSize(fn.Entry); !ok || n != 0 {
		t.Errorf("%d bytes at a function's entry, %v", n, ok)
	}
	for _, pc := range []uint64{0, 1, fn.Entry - 1<<33, 1 << 63} {
		if _, ok := l.Calls(pc); ok {
			t.Errorf("%#x is in a function", pc)
		}
	}
}
