package ptrace

import (
	"errors"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"
)

// ErrTracerClosed is returned by [Tracer.Do] after [Tracer.Close].
var ErrTracerClosed = errors.New("the tracer thread has ended")

// Tracer is one operating system thread that makes all ptrace calls of a
// session. Processes that were launched end when it does (PTRACE_O_EXITKILL
// is bound to the thread, not to the process).
type Tracer struct {
	tid      int
	requests chan request
	closing  chan struct{}
	once     sync.Once
	ended    chan struct{}
}

type request struct {
	fn   func()
	done chan any // what fn panicked with, or nil
}

// NewTracer starts the thread.
func NewTracer() *Tracer {
	t := &Tracer{requests: make(chan request), closing: make(chan struct{}), ended: make(chan struct{})}
	started := make(chan struct{})
	go t.loop(started)
	<-started
	return t
}

func (t *Tracer) loop(started chan struct{}) {
	// Never unlocked: the thread ends with this goroutine, and the kernel then
	// lets go of whatever it still holds.
	runtime.LockOSThread()
	defer close(t.ended)
	t.tid = unix.Gettid()
	close(started)
	for {
		select {
		case r := <-t.requests:
			r.done <- call(r.fn)
		case <-t.closing:
			return
		}
	}
}

func call(fn func()) (panicked any) {
	defer func() { panicked = recover() }()
	fn()
	return nil
}

// TID is the id of the thread.
func (t *Tracer) TID() int { return t.tid }

// OnThread reports whether the caller runs on the tracer's thread.
func (t *Tracer) OnThread() bool {
	select {
	case <-t.ended: // another thread can have the id by now
		return false
	default:
		return unix.Gettid() == t.tid
	}
}

// Do runs fn on the tracer's thread and returns when fn has. Called on that
// thread it runs fn at once. A panic of fn is raised in the caller. fn starts no
// child processes but by [Tracees.Launch]: waits on this thread collect them.
func (t *Tracer) Do(fn func()) error {
	if t.OnThread() {
		fn()
		return nil
	}
	r := request{fn: fn, done: make(chan any, 1)}
	select {
	case t.requests <- r:
	case <-t.closing:
		return ErrTracerClosed
	}
	var p any
	select {
	case p = <-r.done:
	case <-t.ended:
		select {
		case p = <-r.done:
		default: // fn called runtime.Goexit, and the thread ended with it
			return ErrTracerClosed
		}
	}
	if p != nil {
		panic(p)
	}
	return nil
}

// Close ends the thread after the request it is working on. It does not wait
// when called on the thread itself. Processes still held are to be ended or let
// go before: a launched one dies with the thread, but nobody collects it.
func (t *Tracer) Close() {
	t.once.Do(func() { close(t.closing) })
	if !t.OnThread() {
		<-t.ended
	}
}
