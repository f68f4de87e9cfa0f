package ptrace

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// AttachError says why a process cannot be held.
type AttachError struct {
	PID    int
	Reason string // what is in the way and what can be done
	Err    error
}

func (e *AttachError) Error() string { return fmt.Sprintf("attach to process %d: %s", e.PID, e.Reason) }

// Unwrap returns the cause.
func (e *AttachError) Unwrap() error { return e.Err }

// Attach holds a running process with all its threads, stopped. If it is a child
// of the calling process then its end is collected by Wait here, and the caller's
// own wait for it finds no child.
func (g *Tracees) Attach(pid int) (*Process, error) {
	if st, err := readStatus(pid); err != nil {
		return nil, &AttachError{pid, "there is no such process", unix.ESRCH}
	} else if st.tgid != pid {
		return nil, &AttachError{pid, fmt.Sprintf("that is a thread of process %d: attach to that", st.tgid), unix.ESRCH}
	}
	// A thread that is not held yet would take the signal of a Nudge for good.
	p := &Process{PID: pid, Memory: &Memory{}, attaching: true}
	nudges := g.nudges.Load()
	g.addProcess(p)
	err := g.seizeThreads(p)
	g.mu.Lock()
	p.attaching = false
	g.mu.Unlock()
	g.lost = g.lost || g.nudges.Load() != nudges
	if err == nil {
		err = p.openMemory()
	}
	if err != nil {
		err = explainAttach(pid, err)
		_ = g.StopAll()
		_ = g.Detach(p)
		g.queue = slices.DeleteFunc(g.queue, func(ev Event) bool { return ev.Proc == p })
		return nil, err
	}
	return p, nil
}

// openMemory opens the memory through a thread that is alive.
func (p *Process) openMemory() error {
	err := error(unix.ESRCH)
	for _, th := range p.Threads() {
		if err = p.Memory.open(th.TID); err == nil {
			break
		}
	}
	return err
}

// seizeThreads seizes and stops all threads that there are, and again those that
// they have started meanwhile, until there are no more.
func (g *Tracees) seizeThreads(p *Process) error {
	refused := map[int]bool{}
	for more := true; more; more = more || g.missing(p, refused) {
		more = false
		tids, err := threadIDs(p.PID)
		if err != nil {
			return unix.ESRCH
		}
		for _, tid := range tids {
			if g.threads[tid] != nil || refused[tid] {
				continue
			}
			more = true // also if it is gone: it may have started another first
			switch err := ptraceCall(reqSeize, tid, 0, seizeOptions); {
			case err == nil:
				g.addThread(p, tid, stateRunning)
			case gone(err):
			case errors.Is(err, unix.EPERM) && hasLeft(tid):
				if tid == p.PID { // it stays until the others have left too
					p.untraced, refused[tid] = true, true
				}
			case errors.Is(err, unix.EPERM) && len(p.threads) > 0:
				refused[tid] = true // held by us since its birth: its parent was
			default:
				return err
			}
		}
		// The leader may have been past the point where its end is reported.
		p.silent = true
		err = g.StopAll()
		p.silent = p.dying
		if err != nil {
			return err
		}
	}
	if len(p.Threads()) == 0 {
		return unix.ESRCH
	}
	return nil
}

// missing reports whether a process has more threads than are held or refused. A
// thread that ends cuts off the list of threads that is being read, without
// appearing in it itself (proc_task_readdir in fs/proc/base.c): the list alone does
// not tell.
func (g *Tracees) missing(p *Process, refused map[int]bool) bool {
	st, err := readStatus(p.PID)
	if err != nil {
		return false
	}
	known := 0
	for _, th := range p.threads {
		if !th.Embryo {
			known++
		}
	}
	for tid := range refused {
		if _, err := readStatus(tid); err == nil && g.threads[tid] == nil {
			known++
		}
	}
	return st.threads > known
}

func isZombie(tid int) bool {
	st, err := readStatus(tid)
	return err == nil && (st.state == 'Z' || st.state == 'X')
}

// hasLeft reports whether a thread that nobody traces is a zombie, which is gone at
// once if it is not the leading one, or is gone already.
func hasLeft(tid int) bool {
	st, err := readStatus(tid)
	return err != nil || ((st.state == 'Z' || st.state == 'X') && st.tracer == 0)
}

// explainAttach finds out what is in the way (ptrace(2), "Ptrace access mode
// checking").
func explainAttach(pid int, err error) error {
	reason := err.Error()
	st, statusErr := readStatus(pid)
	switch {
	case statusErr != nil:
		reason = "it has ended"
	case st.state == 'Z' && alone(pid):
		reason = "it has ended and waits for its parent to collect it"
	case gone(err):
		reason = "it has ended"
	case !errors.Is(err, unix.EPERM) && !errors.Is(err, unix.EACCES):
	case pid == unix.Getpid():
		reason = "a process cannot trace itself"
	case st.tracer != 0:
		reason = fmt.Sprintf("process %d%s traces it already: a process has one tracer at a time", processOf(st.tracer), named(st.tracer))
	case unix.Geteuid() != 0 && st.uid != unix.Getuid():
		reason = fmt.Sprintf("it belongs to user %d: run as that user, or as root", st.uid)
	case unix.Geteuid() != 0 && yamaScope() > 0:
		reason = fmt.Sprintf("not permitted, because kernel.yama.ptrace_scope is %d: run as root, or set it to 0 (sysctl kernel.yama.ptrace_scope=0)", yamaScope())
	default:
		reason = "not permitted: it is protected (set-uid, other capabilities, PR_SET_DUMPABLE 0, a container or a security module); run argus where CAP_SYS_PTRACE holds over it"
	}
	return &AttachError{pid, reason, err}
}

// alone reports whether a process has no thread but the leading one.
func alone(pid int) bool {
	tids, err := threadIDs(pid)
	return err == nil && len(tids) == 1
}

// processOf returns the process that a thread belongs to.
func processOf(tid int) int {
	if st, err := readStatus(tid); err == nil {
		return st.tgid
	}
	return tid
}

func named(pid int) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil {
		return ""
	}
	return " (" + strings.TrimSpace(string(b)) + ")"
}

// yamaScope is 0 where the Yama security module is not built in.
func yamaScope() int {
	b, err := os.ReadFile("/proc/sys/kernel/yama/ptrace_scope")
	if err != nil || len(b) == 0 {
		return 0
	}
	return int(b[0] - '0')
}
