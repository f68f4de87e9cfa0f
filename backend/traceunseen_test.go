package backend

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// writeUnseen writes a program's memory as another process does, behind the session's back.
func writeUnseen(t *testing.T, s *Session, addr uint64, b ...byte) {
	t.Helper()
	mem, err := os.OpenFile(fmt.Sprintf("/proc/%d/mem", s.PID()), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer mem.Close()
	if _, err := mem.WriteAt(b, int64(addr)); err != nil {
		t.Fatal(err)
	}
}

// TestTraceUnseen: what changes a traced value without a hit is noticed where the program
// stops, once, and the next record replaces what it has written. What this session writes is
// no such change.
func TestTraceUnseen(t *testing.T) {
	s := launch(t, testkit.Optimized, "twice", "20")
	runTo(t, s, "main.twice")
	tr := setTrace(t, s, "main.x", TraceOptions{Method: TraceBPF})
	unseen := func(when string, want uint64) {
		t.Helper()
		if st := tr.Stats(); st.Unseen != want && st.Lost == 0 {
			t.Errorf("%s: %+v", when, st)
		}
	}
	ctx := context.Background()
	if err := s.WriteMemory(ctx, tr.Addr(), []byte{1, 2, 3, 4, 5, 6, 7, 8}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.StepInstruction(ctx, false); err != nil {
		t.Fatal(err)
	}
	unseen("our own write", 0)
	writeUnseen(t, s, tr.Addr(), 77, 0, 0, 0, 0, 0, 0, 0)
	for range 3 {
		if _, err := s.Threads(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := s.StepInstruction(ctx, false); err != nil {
			t.Fatal(err)
		}
	}
	unseen("another's write", 1)
	list := runOut(t, s, tr)
	if len(list) == 0 || list[0].Old.String() != "77" {
		t.Errorf("%d records, the first is %v", len(list), list[:min(len(list), 1)])
	}
	if n := uint64(len(list)) + tr.Stats().Lost; n != 40 {
		t.Errorf("%d of 40 writes", n)
	}
	unseen("the end", 1)
}

// TestTraceUnseenAtEnd: it is noticed at the end of a program that never stops, too, and of
// whoever is let go.
func TestTraceUnseenAtEnd(t *testing.T) {
	for name, end := range map[string]func(s *Session) error{
		"detach": func(s *Session) error { return s.Detach(context.Background()) },
		"kill":   func(s *Session) error { return s.Kill(context.Background()) },
		"exit": func(s *Session) error {
			_, err := s.Continue(context.Background())
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := launch(t, testkit.Optimized, "exit", "0")
			runTo(t, s, "main.main")
			tr := setTrace(t, s, "main.x", TraceOptions{Method: TraceBPF})
			writeUnseen(t, s, tr.Addr(), 1)
			if err := end(s); err != nil {
				t.Fatal(err)
			}
			if st := tr.Stats(); st.Unseen != 1 || st.Records+st.Lost != 0 {
				t.Errorf("%+v", st)
			}
		})
	}
}
