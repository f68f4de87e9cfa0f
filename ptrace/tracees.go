package ptrace

import (
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// Process is a process held by a Tracer.
type Process struct {
	PID    int
	Memory *Memory

	// Reaped tells how a launched process ended that was let go before: Detach
	// makes it.
	Reaped <-chan ExitStatus

	// Data is for the layer above.
	Data any

	stepping    bool              // see SetStepping
	warden      Warden            // or nil
	breakpoints map[uint64][]byte // what is under each
	spare       spare             // see StepElsewhere
	syscallAt   uint64            // where Inject finds a system call instruction
	launched    bool
	ownGroup    bool // leads a process group made for it
	untraced    bool // the leader had left before the attach: the end of the process is not reported to us
	dying       bool // a thread has reported that it takes the process with it
	silent      bool // the leader may end without a report before its last
	attaching   bool // not all threads are held yet: no Nudge so far; guarded by Tracees.mu
	unheard     bool // being let go: no Nudge any more; guarded by Tracees.mu
	threads     map[int]*Thread
	sorted      []*Thread // cache of Threads
	ended       bool
	killed      bool // by us
}

// Threads returns the threads that exist, in order of their ids. The slice is
// valid until the next thread is born or ends.
func (p *Process) Threads() []*Thread {
	if p.sorted == nil {
		for _, th := range p.threads {
			if !th.Embryo && !th.Gone() {
				p.sorted = append(p.sorted, th)
			}
		}
		slices.SortFunc(p.sorted, func(a, b *Thread) int { return a.TID - b.TID })
	}
	return p.sorted
}

// Thread returns the thread with that id, or nil.
func (p *Process) Thread(tid int) *Thread {
	if th := p.threads[tid]; th != nil && !th.Embryo && !th.Gone() {
		return th
	}
	return nil
}

// Ended reports whether the process has ended, was replaced by an exec, or was
// let go.
func (p *Process) Ended() bool { return p.ended }

// Tracees is everything that one Tracer holds.
type Tracees struct {
	// FollowExec: keep the children that a process forks, and report them when
	// they call exec. Otherwise they are let go.
	FollowExec bool

	// Safe: if this process dies, at any moment, then what it holds runs on with no
	// signal lost. Set before Attach. See "Safe" in the package comment.
	Safe bool

	// Programs: BPF programs of ours send threads signals that are reported as [Trapped],
	// which they are with Safe anyway.
	Programs bool

	tracer *Tracer

	threads  map[int]*Thread
	early    map[int]unix.WaitStatus // first stops of threads that their parent has not reported yet
	stopping bool                    // leave threads stopped that report something
	alone    bool                    // one thread is being stepped, and the others run on
	queue    []Event                 // met on the way to something else
	first    []Event                 // room for a queue of one
	peeked   int                     // thread whose signal stop the last wait left in place, or 0

	lost    bool          // a Nudge may not have been sent to all processes, or its thread has ended
	nudges  atomic.Uint64 // how often Nudge was called
	blocked atomic.Bool   // Wait waits
	heard   uint64        // nudges at the last event of kind Nudged

	mu    sync.Mutex
	procs []*Process      // guarded by mu for Nudge; changed on the tracer's thread only
	known map[int]*Thread // threads that can be nudged; guarded by mu
}

// NewTracees returns an empty table for the processes of one session.
func NewTracees(t *Tracer) *Tracees {
	return &Tracees{tracer: t, threads: map[int]*Thread{}, early: map[int]unix.WaitStatus{}, known: map[int]*Thread{}}
}

// Tracer returns the thread that owns the table.
func (g *Tracees) Tracer() *Tracer { return g.tracer }

// Processes returns the processes that are held.
func (g *Tracees) Processes() []*Process { return g.procs }

// Thread returns the thread with that id, or nil.
func (g *Tracees) Thread(tid int) *Thread {
	if th := g.threads[tid]; th != nil && !th.Gone() {
		return th
	}
	return nil
}

// seizeOptions are those that every thread is held with. Forks are followed to
// take our breakpoints out of the child's copy of the program. Threads report that
// they leave: the memory can be read once more, and nothing else tells a leader
// that left (and reports nothing until all other threads are gone) from one that
// runs. New threads inherit the options.
const seizeOptions = unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_TRACEEXEC | unix.PTRACE_O_TRACEFORK |
	unix.PTRACE_O_TRACEVFORK | unix.PTRACE_O_TRACEEXIT

func (g *Tracees) addProcess(p *Process) {
	p.threads, p.breakpoints = map[int]*Thread{}, map[uint64][]byte{}
	g.mu.Lock()
	g.procs = append(g.procs, p)
	g.mu.Unlock()
}

// process returns the process with that id, or nil.
func (g *Tracees) process(pid int) *Process {
	for _, p := range g.procs {
		if p.PID == pid {
			return p
		}
	}
	return nil
}

func (g *Tracees) addThread(p *Process, tid int, s threadState) *Thread {
	th := &Thread{TID: tid, Proc: p}
	th.setState(s)
	g.threads[tid], p.threads[tid] = th, th
	p.sorted = nil
	if s != stateStarting { // else it may be an embryo: see born
		g.makeKnown(th)
	}
	return th
}

func (g *Tracees) removeThread(th *Thread) {
	th.setState(stateGone)
	g.mu.Lock()
	g.lost = g.lost || th.carries
	if g.known[th.TID] == th {
		delete(g.known, th.TID)
	}
	g.mu.Unlock()
	if g.threads[th.TID] == th {
		delete(g.threads, th.TID)
	}
	if th.Proc.threads[th.TID] == th {
		delete(th.Proc.threads, th.TID)
	}
	th.Proc.sorted = nil
}

// endProcess forgets a process with all its threads.
func (g *Tracees) endProcess(p *Process) {
	if p.ended {
		return
	}
	p.ended = true
	for _, th := range p.threads {
		g.removeThread(th)
	}
	if len(g.procs) == 1 {
		for tid := range g.early { // their parents are dead and will never report them
			(&Thread{TID: tid, Proc: p}).cleanse()
			_ = letGo(tid, 0)
			delete(g.early, tid)
		}
	}
	p.Memory.Close()
	g.mu.Lock()
	g.procs = slices.DeleteFunc(g.procs, func(q *Process) bool { return q == p })
	g.mu.Unlock()
}

// Resume lets a stopped thread run on, with the signal that it was about to be
// given; one in a job control stop stays in that. A thread that is not stopped is
// left alone. After [Tracees.StopAll] it takes [Tracees.ResumeAll].
func (g *Tracees) Resume(th *Thread) error {
	if th.state != stateStopped {
		return nil
	}
	return th.restart(reqCont)
}

// ResumeAll lets every stopped thread run on, and ends what [Tracees.StopAll]
// began: events that are queued are to be handled first, since their threads run
// then too. Embryos are never held back.
func (g *Tracees) ResumeAll() error {
	g.stopping = false
	g.wardens(Warden.Resuming)
	for _, th := range g.threads {
		if err := g.Resume(th); err != nil {
			return err
		}
	}
	return nil
}
