package backend

import (
	"errors"
	"fmt"
	"go/constant"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/glue"
	"github.com/argusdbg/argus/internal/heap"
	"github.com/argusdbg/argus/internal/lanes"
)

// freedChoice is whether a watchpoint ends when its object is freed.
type freedChoice uint8

const (
	endUnlessSafe freedChoice = iota
	endWhenFreed
	keepWhenFreed
)

// KeepWhenFreed makes a watchpoint on an object of the heap stay when the collector frees
// the object: it then watches whatever the memory is used for next. To notice the end
// costs the program one short stop in each of the collector's cycles, about a microsecond
// longer for each object that is watched, and nothing else.
func KeepWhenFreed() WatchOption { return func(o *watchOptions) { o.freed = keepWhenFreed } }

// EndWhenFreed makes a watchpoint on an object of the heap end when the collector frees the
// object, which is so without it too unless the program is to survive the debugger
// ([Safety]): what is looked at for that is a breakpoint instruction in the runtime.
func EndWhenFreed() WatchOption { return func(o *watchOptions) { o.freed = endWhenFreed } }

// heapWatch is a program's heap, and which objects of it are watched. As long as there are
// any, a thread that has ended the marking of a cycle is looked at where runtime.gcMark
// returns: the world is stopped, what is not marked is free, and none of it can be used
// again before the thread goes on.
type heapWatch struct {
	heap  *heap.Heap
	err   error // why there is none
	hooks []*glue.Hook
	list  map[uint64]*object // by Base
	parts []*Watchpoint      // on stacks, with parts on the heap: see letGo
}

// object is watched, it or a part of it.
type object struct {
	heap.Object
	watches int // how many; there may be a million
}

// followObject ends watchpoints when the collector frees the object that they are on, if
// they are on one. All are on the same.
func (s *Session) followObject(list ...*Watchpoint) {
	w := list[0]
	if w.whole != nil && w.local != nil {
		s.followParts(w)
	}
	if w.freed == keepWhenFreed || w.local != nil && !w.away() || w.global || w.of.process == nil {
		return
	}
	o, err := s.objectOf(w)
	if err != nil {
		lacks := fmt.Sprintf("if its memory is freed that will not be noticed: %v", err)
		for _, w := range list {
			w.mu.Lock()
			w.caveat = lacks
			w.mu.Unlock()
		}
		return
	}
	if o == nil {
		return
	}
	for _, w := range list {
		w.object = o
	}
	o.watches += len(list)
}

// objectOf returns the object that a watchpoint is on, and looks after it from now on; nil:
// it is on none.
func (s *Session) objectOf(w *Watchpoint) (*object, error) {
	d := w.of
	o, found, err := d.object(w.addr)
	switch {
	case err != nil || !found:
		return nil, err
	case !o.Managed:
		return nil, errArena
	case w.freed == endUnlessSafe && s.driver == lanes.DriverSafe:
		return nil, errSafe
	}
	if known := d.objects.list[o.Base]; known != nil {
		return known, nil
	}
	if err := s.hookCollector(d); err != nil {
		return nil, err
	}
	if d.objects.list == nil {
		d.objects.list = map[uint64]*object{}
	}
	d.objects.list[o.Base] = &object{Object: o}
	return d.objects.list[o.Base], nil
}

var errSafe = errors.New("it takes a breakpoint instruction in the runtime, of which the program dies if the debugger does (EndWhenFreed asks for it)")

var errArena = errors.New("it is in an arena, which the program frees by itself")

// object finds the object at addr.
func (d *debuggee) object(addr uint64) (heap.Object, bool, error) {
	if d.objects.heap == nil && d.objects.err == nil {
		d.objects.heap, d.objects.err = d.newHeap()
	}
	if d.objects.err != nil {
		return heap.Object{}, false, d.objects.err
	}
	return d.objects.heap.Find(d.target.Memory(), addr)
}

func (d *debuggee) newHeap() (*heap.Heap, error) {
	scope := &proc.EvalScope{BinInfo: d.target.BinInfo(), Mem: d.target.Memory()} // of package variables alone
	mheap, err := scope.EvalExpression("runtime.mheap_", proc.LoadConfig{})
	if err != nil {
		return nil, &heap.UnknownError{What: "no runtime.mheap_", Err: err}
	}
	return heap.New(d.target.BinInfo(), func(name string) (uint64, error) {
		v, err := scope.EvalExpression(name, proc.LoadConfig{})
		if err != nil {
			return 0, err
		}
		if v.Value == nil || v.Value.Kind() != constant.Int {
			return 0, fmt.Errorf("%s is no integer", name)
		}
		n, _ := constant.Uint64Val(v.Value)
		return n, nil
	}, mheap.Addr)
}

// unfollowObject ends that.
func (s *Session) unfollowObject(w *Watchpoint) {
	d, o := w.of, w.object
	w.object = nil
	if o.watches--; o.watches > 0 {
		return
	}
	delete(d.objects.list, o.Base)
	d.unhookCollector()
}

// unhookCollector ends the looking if nothing is left to look after.
func (d *debuggee) unhookCollector() {
	if len(d.objects.list)+len(d.objects.parts) > 0 {
		return
	}
	for _, h := range d.objects.hooks {
		_ = d.process.RemoveHook(h) // fails if the process is being killed
	}
	d.objects.hooks = nil
}

func (s *Session) hookCollector(d *debuggee) error {
	if len(d.objects.hooks) > 0 {
		return nil
	}
	places, err := d.placesIn("runtime.gcMark", func(_ uint64, code []byte) bool { return isReturn(code) })
	if err != nil {
		return &heap.UnknownError{What: "the end of a marking", Err: err}
	}
	for _, addr := range places {
		h := &glue.Hook{Addr: addr, Reached: func(th *glue.Thread) (*proc.Breakpoint, func()) {
			s.useOf(th.Process())
			return s.marked(d)
		}}
		if err := d.process.AddHook(h); err != nil {
			return err
		}
		d.objects.hooks = append(d.objects.hooks, h)
	}
	return nil
}

// marked is called when a marking has ended. It ends the watchpoints of the objects that
// died, and returns what Delve stops for if there are any, and what is to be done then with
// all threads stopped.
func (s *Session) marked(d *debuggee) (stopper *proc.Breakpoint, after func()) {
	died, mem := map[*object]string{}, heap.NewRound(d.target.Memory())
	for _, o := range d.objects.list {
		switch fate, err := d.objects.heap.Fate(mem, &o.Object); {
		case err != nil:
			died[o] = fmt.Sprintf("whether the garbage collector frees its object cannot be told: %v", err)
		case fate == heap.Dies:
			died[o] = fmt.Sprintf("the garbage collector found nothing that refers to its object (%d bytes at %#x) and frees it", o.Size, o.Base)
		case fate == heap.Gone:
			died[o] = fmt.Sprintf("its object (%d bytes at %#x) was freed, and the memory is in use for others", o.Size, o.Base)
		}
	}
	after = s.letGo(d, mem)
	if len(died) == 0 {
		return nil, after
	}
	for _, w := range s.watches {
		if why := died[w.object]; why != "" && !w.ending() {
			w.compare()
			if w.finish(EndFreed, why, w.seen); w.call == nil {
				stopper = w.stops()
			}
		}
	}
	return stopper, after
}
