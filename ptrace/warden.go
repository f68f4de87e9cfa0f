package ptrace

import (
	"bytes"

	"golang.org/x/sys/unix"
)

// Warden is who keeps threads of a process waiting in the kernel at times, because they
// are about to write where somebody watches (package guard). Threads that wait there may be
// unable to stop, and so it is asked at the right moments to let them through. All methods
// run on the tracer's thread, but for Waiting and Writing, which any goroutine may call.
type Warden interface {
	// Waiting reports whether threads wait for the tracer's thread to do something. Wait
	// returns an event of kind Guarded then.
	Waiting() bool

	// Stopping is called when all threads have been told to stop: from now on it lets through
	// those that cannot stop otherwise, as soon as nobody else runs. With spare set those of
	// which Spared has said so before go on.
	Stopping(spare bool)

	// Stopped is called when they are.
	Stopped()

	// Resuming is called before everything runs again.
	Resuming()

	// Spared reports whether StopOthers is to leave a thread alone: it is in a system call
	// that a signal would cut short.
	Spared(th *Thread) bool

	// Stepping is called before a thread executes one instruction while all others are
	// stopped, and Stepped when it has.
	Stepping(th *Thread)
	Stepped(th *Thread)

	// Aside is called before a thread executes one instruction while others run on
	// ([Tracees.StepElsewhere]), and Back when it has. It must not wait meanwhile.
	Aside(th *Thread)
	Back(th *Thread)

	// Came is called when a thread has executed a breakpoint instruction of nobody's at addr,
	// and reports whether it was the warden's, who has put back what was there.
	Came(th *Thread, addr uint64) bool

	// Leaving is called before a thread leaves its exit stop: the kernel writes to its
	// memory on the way (set_tid_address(2)), and such writes cannot wait.
	Leaving(th *Thread)

	// Writing is called before we write to the memory ourselves, and done when we have.
	Writing(addr, size uint64) (done func())
}

// SetWarden makes w the process's warden; nil takes it away. All threads are stopped.
func (p *Process) SetWarden(w Warden) {
	p.warden = w
	p.Memory.mu.Lock()
	p.Memory.warden = w
	p.Memory.mu.Unlock()
}

func (g *Tracees) wardens(do func(Warden)) {
	for _, p := range g.procs {
		if p.warden != nil {
			do(p.warden)
		}
	}
}

// guarded returns a process whose threads wait for its warden, or nil.
func (g *Tracees) guarded() *Process {
	for _, p := range g.procs {
		if p.warden != nil && p.warden.Waiting() {
			return p
		}
	}
	return nil
}

// Blocked reports whether the tracer's thread waits for the processes in Wait, or is about
// to: only [Tracees.Knock] gets it out. Any goroutine may call it.
func (g *Tracees) Blocked() bool { return g.blocked.Load() }

// StopOthers is StopAll but for threads that a warden spares: those run on.
func (g *Tracees) StopOthers() error {
	for _, th := range g.threads {
		th.spared = th.state == stateRunning && !th.Embryo && th.Proc.warden != nil && th.Proc.warden.Spared(th)
	}
	return g.stopAll(true)
}

// Plant writes a breakpoint instruction where a thread comes by that is the only one to run,
// and returns what was there: nil if there is one already. Any goroutine may call it.
func (p *Process) Plant(addr uint64) (original []byte, err error) {
	original = make([]byte, len(breakpointInstruction))
	if _, err := p.Memory.ReadMemory(original, addr); err != nil || bytes.Equal(original, breakpointInstruction) {
		return nil, err
	}
	return original, p.Memory.pwrite(addr, breakpointInstruction)
}

// Uproot puts back what was there. Any goroutine may call it.
func (p *Process) Uproot(addr uint64, original []byte) error { return p.Memory.pwrite(addr, original) }

// pwrite is WriteMemory without the warden's knowledge.
func (m *Memory) pwrite(addr uint64, data []byte) error {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.f == nil {
		return ErrMemoryClosed
	}
	n, err := unix.Pwrite(int(m.f.Fd()), data, int64(addr))
	_, err = checked("write", n, len(data), addr, err)
	return err
}

// Lifted tells a thread that it may have executed a breakpoint at addr that is no more.
func (th *Thread) Lifted(addr uint64) { th.lifted = addr }

// came reports whether a breakpoint instruction that a thread has executed was its warden's,
// and sets the thread back to it.
func (th *Thread) came() bool {
	w := th.Proc.warden
	if w == nil {
		return false
	}
	addr, ours, err := th.RanBreakpoint()
	return err == nil && !ours && w.Came(th, addr) && th.SetPC(addr) == nil
}
