package sim

import (
	"cmp"
	"container/heap"

	"github.com/argusdbg/argus/sched"
)

// what happens, in the order in which it does at the same time.
type what uint8

const (
	write what = iota
	move       // a lane takes another goroutine
	turn
)

// happening is something at a time.
type happening struct {
	at   sched.Time
	what what
	who  int // variable or lane
	left int // of a write: how many more its burst has
}

// queue is a heap of what is to happen, the next first.
type queue []happening

func (q queue) Len() int      { return len(q) }
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q queue) Less(i, j int) bool {
	a, b := q[i], q[j]
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.what, b.what), cmp.Compare(a.who, b.who)) < 0
}

// Push and Pop are for package heap.
func (q *queue) Push(x any) { *q = append(*q, x.(happening)) }
func (q *queue) Pop() any {
	last := len(*q) - 1
	x := (*q)[last]
	*q = (*q)[:last]
	return x
}

func (q *queue) add(h happening) { heap.Push(q, h) }
func (q *queue) next() happening { return heap.Pop(q).(happening) }
