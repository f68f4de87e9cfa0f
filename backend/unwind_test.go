package backend

import (
	"context"
	"testing"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/testkit"
)

// TestUnwind: the stacks are Delve's, of all goroutines of a program that are parked in
// every way, and of some that run.
func TestUnwind(t *testing.T) {
	for _, mode := range testkit.Modes {
		t.Run(string(mode), func(t *testing.T) {
			s := parked(t, mode, "100", "4")
			list, _, err := s.GoroutinePage(context.Background(), GoroutineQuery{})
			if err != nil {
				t.Fatal(err)
			}
			const depth = 20
			known := 0
			if err := s.do(context.Background(), func() error {
				for _, g := range list {
					got, ok := s.unwind(g.ID, depth)
					if !ok {
						continue
					}
					known++
					delves, err := s.findGoroutine(g.ID)
					if err != nil {
						return err
					}
					stack, err := proc.GoroutineStacktrace(s.target, delves, depth-1, 0)
					if err != nil {
						return err
					}
					want := framesOf(stack)
					want = want[:min(depth, len(want))]
					if len(got) != len(want) {
						t.Errorf("goroutine %d has %d frames, Delve %d:\n%+v\n%+v", g.ID, len(got), len(want), got, want)
						continue
					}
					for i := range got {
						if got[i] != want[i] {
							t.Errorf("goroutine %d, frame %d:\n%+v\nDelve:\n%+v", g.ID, i, got[i], want[i])
						}
					}
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			if known < len(list)*3/4 {
				t.Errorf("of %d stacks %d are known", len(list), known)
			}
			if _, ok := s.unwind(-5, depth); ok {
				t.Error("a stack of no goroutine")
			}
		})
	}
}
