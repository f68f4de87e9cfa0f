package perf

import (
	"errors"
	"runtime"
	"sync"

	"github.com/argusdbg/argus/hwbp"
)

// Features is what this kernel permits this process: nil for what works,
// otherwise the error of trying it, one of those of [Open].
type Features struct {
	Breakpoint error // a counting event
	Sigtrap    error // one that stops its thread
	Kernel     error // one that sees accesses by system calls
	Modify     error // to move one
	Inherit    error // one that new threads get too
	Clock      error // a Clock
}

// Stops is nil if events can stop threads and be moved while these run: what watchpoints
// need of them.
func (f Features) Stops() error {
	if f.Sigtrap != nil {
		return f.Sigtrap
	}
	return f.Modify
}

var probed struct {
	sync.Mutex
	done     bool
	features Features // guarded by the mutex
}

// Probe tries out what the kernel permits, on a thread of this process that is
// started for it; nothing is enabled there. It takes less than a millisecond, once:
// later calls return what the first found, unless it was for want of slots or
// descriptors, which can change.
//
// What it cannot tell: whether the processor reports hits (some emulators lose
// them), and whether a given thread's owner permits events on it.
func Probe() Features {
	probed.Lock()
	defer probed.Unlock()
	if !probed.done {
		probed.features = probe()
		probed.done = probed.features.conclusive()
	}
	return probed.features
}

func probe() Features {
	found := make(chan Features)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		found <- try()
	}()
	return <-found
}

// conclusive reports whether to try again would find the same.
func (f Features) conclusive() bool {
	for _, err := range []error{f.Breakpoint, f.Sigtrap, f.Kernel, f.Modify, f.Inherit, f.Clock} {
		if errors.Is(err, ErrNoSlot) || errors.Is(err, ErrTooManyFiles) {
			return false
		}
	}
	return true
}

// probePoint is where nothing is: addresses are not looked at until an event is
// enabled.
var probePoint = hwbp.Point{Addr: 8, Len: 8, Access: hwbp.Write}

// try opens events of each kind on the calling thread. They stay disabled: a
// sigtrap event without a tracer would kill the process.
func try() (f Features) {
	f.Breakpoint = tryOptions(Options{}, func(e *Event) error {
		p := probePoint
		p.Addr += 8
		f.Modify = e.Modify(p)
		return nil
	})
	if f.Breakpoint != nil {
		f.Modify = f.Breakpoint
	}
	nothing := func(*Event) error { return nil }
	f.Sigtrap = tryOptions(Options{Sigtrap: true}, nothing)
	f.Kernel = tryOptions(Options{Kernel: true}, nothing)
	f.Inherit = tryOptions(Options{Inherit: true}, nothing)
	c, err := OpenClock(0)
	if err == nil {
		_, err = c.Now()
		err = errors.Join(err, c.Close())
	}
	f.Clock = err
	return f
}

func tryOptions(o Options, fn func(*Event) error) error {
	o.Disabled = true
	e, err := Open(0, probePoint, o)
	if err != nil {
		return err
	}
	return errors.Join(fn(e), e.Close())
}
