package backend_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/argusdbg/argus/backend"
	"github.com/argusdbg/argus/internal/testkit"
)

// The programs of the examples are scenarios of internal/testkit/targets/scenarios.

// Every write to a variable, with who made it: the program stops at each.
func ExampleLaunch() {
	ctx := context.Background()
	s, err := backend.Launch(ctx, backend.LaunchConfig{Path: scenarios(), Args: []string{"twice", "2"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	if _, err := s.Watch(ctx, "main.x", backend.Write); err != nil {
		fmt.Println(err)
		return
	}
	for ev, err := range s.Run(ctx) {
		if err != nil {
			fmt.Println(err)
			return
		}
		switch ev := ev.(type) {
		case *backend.Stop:
			for _, hit := range ev.Hits {
				fmt.Printf("%s -> %s by %s in %s\n", hit.Old, hit.New, hit.Goroutine, hit.Place.Function)
			}
		default:
			fmt.Println(ev)
		}
	}
	// Output:
	// 0 -> 0 by goroutine 1 (runtime.main) in main.twice
	// 0 -> 0 by goroutine 1 (runtime.main) in main.twice
	// 0 -> 1 by goroutine 1 (runtime.main) in main.twice
	// 1 -> -1 by goroutine 1 (runtime.main) in main.twice
	// exit status 0
}

// The program is not stopped for a hit: a function is told, and what may have been
// missed is asked for at the end.
func ExampleReport() {
	ctx := context.Background()
	s, err := backend.Launch(ctx, backend.LaunchConfig{Path: scenarios(), Args: []string{"twice", "1000"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	sum := int64(0)
	x, err := s.Watch(ctx, "main.x", backend.Write, backend.Report(func(hit *backend.Hit) {
		n, _ := hit.New.Int()
		sum += n
	}))
	if err != nil {
		fmt.Println(err)
		return
	}
	ev, err := s.Continue(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(ev)
	st := x.Stats()
	fmt.Printf("%d hits, %d lost, coverage %s, sum %d\n", st.Hits, st.Lost, st.Coverage, sum)
	// Output:
	// exit status 0
	// 2000 hits, 0 lost, coverage exact, sum 0
}

// Four goroutines write a variable, and one of them makes it negative. The stack is
// that of the write.
func ExampleIf() {
	ctx := context.Background()
	s, err := backend.Launch(ctx, backend.LaunchConfig{Path: scenarios(), Args: []string{"negative", "50"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	if _, err := s.Watch(ctx, "main.x", backend.Write, backend.If("main.x < 0"), backend.WithStack(2)); err != nil {
		fmt.Println(err)
		return
	}
	ev, err := s.Continue(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	if stop, ok := ev.(*backend.Stop); ok && len(stop.Hits) > 0 {
		hit := stop.Hits[0]
		fmt.Println("new value", hit.New)
		for _, frame := range hit.Stack {
			fmt.Println("in", frame.Function)
		}
	}
	// Output:
	// new value -1
	// in main.spoil
	// in main.negative.func1
}

// To a function, and on from there line by line.
func ExampleSession_Next() {
	ctx := context.Background()
	s, err := backend.Launch(ctx, backend.LaunchConfig{Path: scenarios(), Args: []string{"twice", "1000"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	if _, err := s.Break(ctx, "main.twice", ""); err != nil {
		fmt.Println(err)
		return
	}
	for _, run := range []func(context.Context) (backend.Event, error){s.Continue, s.Next, s.Next} {
		ev, err := run(ctx)
		if err != nil {
			fmt.Println(err)
			return
		}
		if stop, ok := ev.(*backend.Stop); ok {
			fmt.Println(stop.Reason, "in", stop.Place.Function)
		}
	}
	n, err := s.Eval(ctx, "n + 1")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(n)
	// Output:
	// breakpoint in main.twice
	// step finished in main.twice
	// step finished in main.twice
	// 1001
}

// A program that would run for ever is halted by another goroutine.
func ExampleSession_Halt() {
	ctx := context.Background()
	s, err := backend.Launch(ctx, backend.LaunchConfig{Path: scenarios(), Args: []string{"forever"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	enough := make(chan struct{})
	if _, err := s.Watch(ctx, "main.x", backend.Write, backend.Report(func(hit *backend.Hit) {
		if hit.Number == 100 {
			close(enough)
		}
	})); err != nil {
		fmt.Println(err)
		return
	}
	halted := make(chan error)
	go func() {
		<-enough
		halted <- s.Halt(ctx)
	}()
	ev, err := s.Continue(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := <-halted; err != nil {
		fmt.Println(err)
	}
	if stop, ok := ev.(*backend.Stop); ok {
		fmt.Println(stop.Reason)
	}
	// Output:
	// ready
	// halted
}

// What the program has in memory is read, and written without a hit.
func ExampleSession_WriteMemory() {
	ctx := context.Background()
	s, err := backend.Launch(ctx, backend.LaunchConfig{Path: scenarios(), Args: []string{"twice", "1"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	x, err := s.Watch(ctx, "main.x", backend.Write)
	if err != nil {
		fmt.Println(err)
		return
	}
	buf := make([]byte, x.Size())
	binary.NativeEndian.PutUint64(buf, 42)
	if err := s.WriteMemory(ctx, x.Addr(), buf); err != nil {
		fmt.Println(err)
		return
	}
	clear(buf)
	if err := s.ReadMemory(ctx, x.Addr(), buf); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(binary.NativeEndian.Uint64(buf), "after", x.Stats().Hits, "hits")
	// Output:
	// 42 after 0 hits
}

// scenarios builds the program of the examples and returns its path.
func scenarios() string { return testkit.Scenarios(builder{}, testkit.Debug) }

// builder is what testkit asks of a test. Examples are not given one.
type builder struct{ testing.TB }

func (builder) Helper() {}

func (builder) Fatal(args ...any) { panic(fmt.Sprint(args...)) }
