package backend_test

import (
	"context"
	"fmt"

	"github.com/argusdbg/argus/backend"
)

// Every write is recorded, and the program is not stopped for it. What was recorded can be
// read when the program has ended.
func ExampleSession_Trace() {
	ctx := context.Background()
	s, err := backend.Launch(ctx, backend.LaunchConfig{Path: scenarios(), Args: []string{"twice", "3"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	t, err := s.Trace(ctx, "main.x", backend.TraceOptions{Stack: 3})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer t.Close()
	if _, err := s.Continue(ctx); err != nil {
		fmt.Println(err)
		return
	}
	for r, err := range t.Records(ctx) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s -> %s in %s, called by %s\n", r.Old, r.New, r.Place.Function, r.Stack[1].Function)
	}
	st := t.Stats()
	fmt.Println(st.Records+st.Lost, "writes")
	// Output:
	// 0 -> 0 in main.twice, called by main.main
	// 0 -> 0 in main.twice, called by main.main
	// 0 -> 1 in main.twice, called by main.main
	// 1 -> -1 in main.twice, called by main.main
	// -1 -> 2 in main.twice, called by main.main
	// 2 -> -2 in main.twice, called by main.main
	// 6 writes
}
