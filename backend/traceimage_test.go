package backend

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// TestTracePIE: a position-independent program is traced from its very beginning, lines and
// all: what it is going to look like when the dynamic linker has moved it is known by then.
func TestTracePIE(t *testing.T) {
	testkit.Watchdog(t)
	path := filepath.Join(t.TempDir(), "pie")
	build := exec.Command("go", "build", "-buildvcs=false", "-buildmode=pie", "-ldflags=-compressdwarf=false", "-o", path, ".")
	build.Dir = "../internal/testkit/targets/scenarios"
	if out, err := build.CombinedOutput(); err != nil {
		t.Skipf("no such program can be built: %v\n%s", err, out)
	}
	s := launchPath(t, path, "twice", "20")
	tr := setTrace(t, s, "main.x", TraceOptions{Stack: 4})
	lines := []int{lineNumber(t, "../internal/testkit/targets/scenarios/main.go", "// first"), 0}
	lines[1] = lineNumber(t, "../internal/testkit/targets/scenarios/main.go", "// second")
	list := runOut(t, s, tr)
	if st := tr.Stats(); st.Lost > 0 {
		t.Skipf("the processor has lost a hit: %+v", st)
	}
	for i, r := range list {
		if r.Place.Function != "main.twice" || r.Place.Line != lines[i%2] || len(r.Stack) != 4 || r.Stack[2].Function != "runtime.main" {
			t.Fatalf("record %d: %v, %v", i, r, functions(r.Stack))
		}
	}
}

// TestImage: the image of a program is what the program then has, where it is not written.
func TestImage(t *testing.T) {
	s := launch(t, testkit.Optimized, "twice", "3")
	runTo(t, s, "main.twice")
	err := s.do(context.Background(), func() error {
		base := s.target.BinInfo().Images[0].StaticBase
		m, err := newTraceMemory(s.PID(), base)
		if err != nil {
			return err
		}
		defer m.close()
		im, err := newImage(m, base)
		if err != nil {
			return err
		}
		for _, seg := range m.segs {
			if !seg.fixed {
				continue
			}
			want, got := make([]byte, 3001), make([]byte, 3001)
			if _, err := s.process.ReadProgram(want, seg.lo+7); err != nil {
				return err
			}
			for _, mem := range []interface {
				ReadMemory([]byte, uint64) (int, error)
			}{m, im} {
				if _, err := mem.ReadMemory(got, seg.lo+7); err != nil || !bytes.Equal(got, want) {
					return fmt.Errorf("%T at %#x: %v", mem, seg.lo, err)
				}
			}
		}
		if _, err := im.ReadMemory(make([]byte, 1), 1); err == nil {
			return fmt.Errorf("there is something at address 1")
		}
		_, err = m.ReadMemory(make([]byte, 1), 1)
		if err == nil {
			return fmt.Errorf("there is something at address 1")
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
