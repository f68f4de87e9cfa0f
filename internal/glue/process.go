package glue

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"

	"github.com/go-delve/delve/pkg/elfwriter"
	"github.com/go-delve/delve/pkg/proc"
	"github.com/go-delve/delve/pkg/proc/linutil"

	"github.com/argusdbg/argus/hwbp"
	"github.com/argusdbg/argus/internal/gprobe"
	"github.com/argusdbg/argus/internal/guard"
	"github.com/argusdbg/argus/internal/lanes"
	"github.com/argusdbg/argus/ptrace"
)

// Process implements proc.ProcessInternal.
type Process struct {
	// For two methods that cannot be written here; see the package comment.
	proc.ProcessInternal

	g       *Group
	held    *ptrace.Process
	bi      *proc.BinaryInfo
	bps     proc.BreakpointMap
	board   *lanes.Board
	entries map[*proc.Breakpoint]*lanes.Entry    // watchpoints that Delve set
	guard   *guard.Guard                         // or nil
	stepper *stepper                             // or nil
	hooks   map[uint64][]*Hook                   // by address
	probed  map[*gprobe.Probes]map[uint64][]byte // what is under probes
	hidden  atomic.Pointer[map[uint64][]byte]    // what is under both
	inSlots bool                                 // breakpoints are being set that debug registers can hold
	spare   struct {
		known bool
		addr  uint64
	} // see spareCode
	leaps  map[uint64]*instruction // under breakpoints that a thread has passed
	untold func() bool             // see Untold; nil: nobody asks
	traced func(addr, size uint64) bool

	switches  *Switches     // nil: nobody follows goroutines
	switching []switchPlace // nil: not looked for yet

	status           ptrace.ExitStatus // when exited
	exited, detached atomic.Bool
}

var _ proc.ProcessInternal = (*Process)(nil)

func newProcess(g *Group, held *ptrace.Process, attaching bool) *Process {
	p := &Process{
		g: g, held: held,
		bi:      proc.NewBinaryInfo("linux", archName, attaching),
		bps:     proc.NewBreakpointMap(),
		entries: map[*proc.Breakpoint]*lanes.Entry{},
		hooks:   map[uint64][]*Hook{},
	}
	o := g.slots
	switch {
	case o.Stepping:
		o.Guards = p.openStepper
	case !o.NoGuards:
		o.Guards = p.openGuard
	}
	p.board = lanes.New(g.tracees, held, o)
	held.Data = p
	return p
}

// PID returns the process's id.
func (p *Process) PID() int { return p.held.PID }

// BinInfo returns the debug information.
func (p *Process) BinInfo() *proc.BinaryInfo { return p.bi }

// Breakpoints returns Delve's table of breakpoints.
func (p *Process) Breakpoints() *proc.BreakpointMap { return &p.bps }

// Memory returns the address space.
func (p *Process) Memory() proc.MemoryReadWriter { return memory{p} }

// ReadProgram reads memory without the breakpoints that were written into it.
func (p *Process) ReadProgram(buf []byte, addr uint64) (int, error) {
	n, err := p.held.ReadProgram(buf, addr)
	p.cover(buf[:max(n, 0)], addr)
	return n, err
}

// ExitStatus says how the process ended; it is the zero value before.
func (p *Process) ExitStatus() ptrace.ExitStatus { return p.status }

// SupportsBPF is false; see the package comment.
func (p *Process) SupportsBPF() bool { return false }

// StartCallInjection prepares nothing.
func (p *Process) StartCallInjection() (func(), error) { return func() {}, nil }

// EntryPoint returns the address of the program's first instruction.
func (p *Process) EntryPoint() (uint64, error) {
	auxv, err := os.ReadFile(fmt.Sprintf("/proc/%d/auxv", p.held.PID))
	if err != nil {
		return 0, err
	}
	return linutil.EntryPointFromAuxv(auxv, 8), nil
}

func (p *Process) threads() []*ptrace.Thread {
	if p.held.Ended() {
		return nil
	}
	ths := p.held.Threads()
	for _, th := range ths {
		if th.Data == nil { // its birth is still in the queue
			newThread(p, th)
		}
	}
	return ths
}

// FindThread returns the thread with that id.
func (p *Process) FindThread(tid int) (proc.Thread, bool) {
	th := p.held.Thread(tid)
	if th == nil || p.held.Ended() {
		return nil, false
	}
	if th.Data == nil {
		newThread(p, th)
	}
	return th.Data.(*Thread), true
}

// ThreadList returns the threads in order of their ids.
func (p *Process) ThreadList() []proc.Thread {
	var list []proc.Thread
	for _, th := range p.threads() {
		list = append(list, th.Data.(*Thread))
	}
	return list
}

// Valid reports whether the process is still held, and if not why.
func (p *Process) Valid() (bool, error) {
	switch {
	case p.detached.Load():
		return false, proc.ErrProcessDetached
	case p.exited.Load():
		return false, proc.ErrProcessExited{Pid: p.held.PID}
	}
	return true, nil
}

func (p *Process) valid() bool { ok, _ := p.Valid(); return ok }

// end marks that the process is no longer held.
func (p *Process) end(how *atomic.Bool) {
	if p.valid() {
		_ = p.board.Close() // an error: its threads are gone
		if p.switches != nil {
			_ = p.switches.Close() // an error of closing descriptors: nobody can do anything about it
		}
		how.Store(true)
		p.bi.Close()
	}
}

// RequestManualStop gets the event loop to stop everything. It may be called
// while the loop runs, from any goroutine.
func (p *Process) RequestManualStop(*proc.ContinueOnceContext) error {
	// Delve asks its selected target, which may have ended while others live.
	if p.g.anyValid() == nil {
		_, err := p.Valid()
		return err
	}
	return p.g.Nudge()
}

// WriteBreakpoint puts a breakpoint or a watchpoint of Delve's in place.
func (p *Process) WriteBreakpoint(bp *proc.Breakpoint) error {
	if bp.WatchType != 0 {
		return p.writeWatchpoint(bp)
	}
	if p.inSlots {
		if done, err := p.armBreakpoint(bp); done || err != nil {
			return err
		}
	}
	return p.g.do(func() error {
		if err := p.held.InsertBreakpoint(bp.Addr); err != nil {
			return err
		}
		bp.OriginalData = append([]byte(nil), p.held.Original(bp.Addr)...)
		return nil
	})
}

// InSlots calls fn, which makes Delve set breakpoints, so that debug registers hold
// them where the program is to survive the debugger and registers are free.
func (p *Process) InSlots(fn func() error) error {
	p.inSlots = p.g.slots.Driver.Safe()
	defer func() { p.inSlots = false }()
	return fn()
}

// armBreakpoint makes a slot of every thread hold a breakpoint, while there are any: a
// breakpoint instruction kills the program if the debugger dies (FACTS K6).
func (p *Process) armBreakpoint(bp *proc.Breakpoint) (done bool, err error) {
	code := make([]byte, p.bi.Arch.BreakpointSize())
	if _, err := p.held.ReadProgram(code, bp.Addr); err != nil {
		return false, err
	}
	e := &lanes.Entry{Name: fmt.Sprintf("the breakpoint at %#x", bp.Addr), Owner: bp,
		Points: []hwbp.Point{{Addr: bp.Addr, Len: 1, Access: hwbp.Execute}}}
	err = p.AddWatch(lanes.Config{Name: e.Name, Entries: []*lanes.Entry{e}, Pinned: true})
	var full *lanes.SlotsError
	var foreign *lanes.ForeignError
	if errors.As(err, &full) || errors.As(err, &foreign) {
		return false, nil
	}
	if err == nil {
		p.entries[bp], bp.OriginalData = e, code
	}
	return err == nil, err
}

// inSlot reports whether a slot holds a breakpoint at addr.
func (p *Process) inSlot(addr uint64) bool {
	bp := p.bps.M[addr]
	return bp != nil && bp.WatchType == 0 && p.entries[bp] != nil
}

// EraseBreakpoint takes it out again.
func (p *Process) EraseBreakpoint(bp *proc.Breakpoint) error {
	if bp.WatchType != 0 || p.entries[bp] != nil {
		return p.eraseWatchpoint(bp)
	}
	return p.g.do(func() error {
		delete(p.leaps, bp.Addr)
		if len(p.hooks[bp.Addr]) > 0 {
			return nil
		}
		return p.held.RemoveBreakpoint(bp.Addr)
	})
}

// Board returns the watchpoints of the process.
func (p *Process) Board() *lanes.Board { return p.board }

// AddWatch arms entries on every thread concerned, or none of them. All threads are
// stopped.
func (p *Process) AddWatch(c lanes.Config) error {
	return p.g.do(func() error { return p.board.Add(c) })
}

// CanGuardPages is CanGuard for what single steps cannot stand in for.
func (p *Process) CanGuardPages() error {
	err := p.CanGuard()
	if err == nil && p.stepper != nil && p.stepper.guards == nil {
		return errOnlySteps
	}
	return err
}

var errOnlySteps = errors.New("single steps see one instruction at a time, and not what an assignment comes to")

// CanGuard reports why page guards cannot be had, nil if they can. All threads are stopped.
func (p *Process) CanGuard() (err error) {
	if e := p.g.do(func() error { err = p.board.CanGuard(); return nil }); e != nil {
		return e
	}
	return err
}

// RemoveWatch takes an entry out of its slots.
func (p *Process) RemoveWatch(e *lanes.Entry) error {
	if !p.valid() {
		return nil
	}
	return p.g.do(func() error { return p.board.Remove(e) })
}

// DumpProcessNotes leaves the notes of a core file to Delve.
func (p *Process) DumpProcessNotes(notes []elfwriter.Note, _ func()) (bool, []elfwriter.Note, error) {
	return false, notes, nil
}

// FollowExec makes the group keep the programs that the process starts.
func (p *Process) FollowExec(follow bool) error {
	return p.g.do(func() error {
		p.g.tracees.FollowExec = follow
		return nil
	})
}
