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
	"github.com/argusdbg/argus/internal/watch"
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
	table   *watch.Table
	entries map[*proc.Breakpoint]*watch.Entry // watchpoints that Delve set
	anchor  anchor                            // of the watchpoint that Delve is being made to set
	anchors map[*proc.Breakpoint]anchor

	status           ptrace.ExitStatus // when exited
	exited, detached atomic.Bool
}

var _ proc.ProcessInternal = (*Process)(nil)

func newProcess(g *Group, held *ptrace.Process, attaching bool) *Process {
	p := &Process{
		g: g, held: held,
		bi:      proc.NewBinaryInfo("linux", archName, attaching),
		bps:     proc.NewBreakpointMap(),
		table:   watch.NewTable(ptrace.Limits().Slots(hwbp.Write)),
		entries: map[*proc.Breakpoint]*watch.Entry{},
		anchors: map[*proc.Breakpoint]anchor{},
	}
	held.Data = p
	return p
}

// BinInfo returns the debug information.
func (p *Process) BinInfo() *proc.BinaryInfo { return p.bi }

// Breakpoints returns Delve's table of breakpoints.
func (p *Process) Breakpoints() *proc.BreakpointMap { return &p.bps }

// Memory returns the address space.
func (p *Process) Memory() proc.MemoryReadWriter { return p.held.Memory }

// ReadProgram reads memory without the breakpoints that were written into it.
func (p *Process) ReadProgram(buf []byte, addr uint64) (int, error) {
	return p.held.ReadProgram(buf, addr)
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
	return p.g.do(func() error {
		if err := p.held.InsertBreakpoint(bp.Addr); err != nil {
			return err
		}
		bp.OriginalData = append([]byte(nil), p.held.Original(bp.Addr)...)
		return nil
	})
}

// EraseBreakpoint takes it out again.
func (p *Process) EraseBreakpoint(bp *proc.Breakpoint) error {
	if bp.WatchType != 0 {
		return p.eraseWatchpoint(bp)
	}
	return p.g.do(func() error { return p.held.RemoveBreakpoint(bp.Addr) })
}

// AddWatch puts an entry into slots and arms every thread, all of which are
// stopped. On an error nothing has changed.
func (p *Process) AddWatch(e *watch.Entry) error {
	if err := p.table.Add(e); err != nil {
		return err
	}
	if err := p.arm(); err != nil {
		p.table.Remove(e)
		return errors.Join(err, p.arm())
	}
	return nil
}

// RemoveWatch takes an entry out of its slots on every thread.
func (p *Process) RemoveWatch(e *watch.Entry) error {
	p.table.Remove(e)
	return p.arm()
}

func (p *Process) arm() error {
	if !p.valid() {
		return nil
	}
	return p.g.do(func() error {
		for _, th := range p.threads() {
			if err := th.Data.(*Thread).arm(); err != nil {
				return err
			}
		}
		return nil
	})
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
