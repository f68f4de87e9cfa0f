// Command vars has package variables of many types, whose values the compiler
// lays down in the data section. It runs on none of them.
package main

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

type level int8

type order struct {
	ID    int
	Level level
	_     int16
	time.Duration
	next  *order
	Hook  func(int) int
	Parts [2]struct{ X, Y float32 }
}

type account struct {
	ID   int
	Name string
}

type pair[T any] struct{ a, b T }

func double(n int) int { return 2 * n }

var (
	number  = -42
	letter  = byte('A')
	low     = level(-2)
	yes     = true
	half    = 0.5
	turn    = 1 + 2i
	pause   = 1500 * time.Millisecond
	month   = time.March
	raw     = uintptr(99)
	nothing *int
	hook    = double
	noHook  func()
	grid    = [2][2]int16{{1, 2}, {3, 4}}
	triple  = [3]int{1, 2, 3}
	first   = order{ID: 7, Level: 3, Duration: time.Second, Hook: double, Parts: [2]struct{ X, Y float32 }{{1, 2}, {3, 4}}}
	generic = pair[int32]{5, 6}
	plain   = struct{ X, Y int }{1, 2}
	lock    sync.Mutex
	counter atomic.Int64
	where   unsafe.Pointer
	zeroed  struct {
		_ [0][3]int
		n int
	}
	text    = "text"
	list    = []int{1}
	any1    any
	dict    map[string]int
	pipe    chan int
	holder  = account{1, "Ada"}
	holders [2]account
)

func main() {
	fmt.Println(number, letter, low, yes, half, turn, pause, month, raw, nothing, hook(1), noHook == nil, grid, triple, first.ID, generic, plain,
		&lock, &counter, where, zeroed, text, list, any1, dict, pipe, holder, holders)
}
