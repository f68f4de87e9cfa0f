// Views is what tests look at through an editor's eyes: frames, variables that unfold,
// goroutines with labels, and functions to call.
package main

import (
	"context"
	"fmt"
	"os"
	"runtime/pprof"
	"strings"
	"sync"
	"sync/atomic"
)

type account struct {
	Owner   string
	Balance int
	History []int
}

func (a *account) deposit(n int) int {
	a.Balance += n
	return a.Balance
}

var (
	counter uint = 10
	label        = "package"
	kept    []any
	begun   atomic.Bool // endless
	quit    atomic.Bool // it shall end
)

// keep has values escape, and not be optimized away.
func keep(list ...any) { kept = list }

// What the debugger calls.

func add(a, b int) int { return a + b }

func both(n int) (half int, text string) { return n / 2, fmt.Sprint(n) }

func reset(n uint) { counter = n }

func boom(why string) int { panic(why) }

func endless() int {
	n := 0
	begun.Store(true)
	for !quit.Load() {
		n++
	}
	return n
}

func through() int {
	return add(20, 22) // here: through
}

func long(n int) string { return strings.Repeat("x", n) }

func leave(status int) { os.Exit(status) }

// depth calls itself n times.
func depth(n int) int {
	if n == 0 {
		return bottom(n)
	}
	return depth(n-1) + 1
}

func bottom(n int) int {
	return n + 1 // here: bottom
}

func look(acc *account, list []int, name string) (total int, err error) {
	table := map[string]account{"one": {"ann", 1, nil}, "two": {"bob", 2, list}}
	bytes := []byte("tèst")
	huge := make([]int, 100_000)
	huge[99_999] = 7
	text := strings.Repeat("y", 600)
	var nothing *account
	small, big := uint8(200), int64(-5)
	total = len(list) + len(huge)
	keep(table, bytes, huge, text, nothing, small, big, acc, name) // here: look
	return total, nil
}

func worker(started *sync.WaitGroup, stay chan bool) {
	started.Done()
	<-stay
}

func main() {
	var started sync.WaitGroup
	stay := make(chan bool)
	for i := range 3 {
		started.Add(1)
		labels := pprof.Labels("job", fmt.Sprint("j", i), "kind", "worker")
		go pprof.Do(context.Background(), labels, func(context.Context) { worker(&started, stay) })
	}
	started.Wait()
	acc := &account{"eve", 40, []int{1, 2, 3}}
	total, _ := look(acc, acc.History, "visitor")
	deep := depth(100)
	a, b := both(9)
	if len(os.Args) > 1 { // never: the linker must keep them
		reset(1)
		leave(boom("x") + endless() + through() + len(long(2)) + acc.deposit(1))
	}
	close(stay)
	fmt.Println(total, deep, a, b, label, counter, len(kept))
}
