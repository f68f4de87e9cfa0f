package guard

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// eyes look at threads from outside, through /proc.
type eyes struct {
	pid     int
	inner   map[int]int // thread ids as the process's own pid namespace has them, to ours; nil: it is ours
	syscall map[int]int // open /proc/PID/task/TID/syscall, by thread
}

func look(pid int) eyes {
	e := eyes{pid: pid, syscall: map[int]int{}}
	ours, err := os.Readlink("/proc/self/ns/pid")
	theirs, err1 := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", pid))
	if err == nil && err1 == nil && ours != theirs {
		e.inner = map[int]int{}
	}
	return e
}

func (e *eyes) close() {
	for tid, fd := range e.syscall {
		_ = unix.Close(fd)
		delete(e.syscall, tid)
	}
}

// outer is the thread that faulted, as we name it: messages have the name that the thread's
// own pid namespace has for it.
func (e *eyes) outer(tid int) int {
	if e.inner == nil {
		return tid
	}
	if out, ok := e.inner[tid]; ok && e.exists(out) {
		return out
	}
	clear(e.inner)
	for _, out := range e.tasks() {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/status", e.pid, out))
		if err != nil {
			continue
		}
		if in, ok := innermost(status); ok {
			e.inner[in] = out
		}
	}
	return e.inner[tid]
}

// innermost reads NSpid of /proc/PID/status: the names of a thread from the outermost pid
// namespace that we may know to its own.
func innermost(status []byte) (tid int, ok bool) {
	for line := range bytes.Lines(status) {
		rest, is := bytes.CutPrefix(line, []byte("NSpid:"))
		f := bytes.Fields(rest)
		if is && len(f) > 0 {
			tid, err := strconv.Atoi(string(f[len(f)-1]))
			return tid, err == nil
		}
	}
	return 0, false
}

func (e *eyes) exists(tid int) bool { return unix.Tgkill(e.pid, tid, 0) == nil }

// tasks lists the threads of the process.
func (e *eyes) tasks() (tids []int) {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", e.pid))
	if err != nil {
		return nil
	}
	for _, d := range entries {
		if tid, err := strconv.Atoi(d.Name()); err == nil {
			tids = append(tids, tid)
		}
	}
	return tids
}

// state is the letter that /proc/PID/stat has for a thread, and worker whether it is one
// of the kernel's own in the process (PF_IO_WORKER, PF_USER_WORKER). 'X' if it has gone.
func (e *eyes) state(tid int) (letter byte, worker bool) {
	data, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(e.pid), "task", strconv.Itoa(tid), "stat"))
	if err != nil {
		return 'X', false
	}
	return parseStat(data)
}

func parseStat(data []byte) (letter byte, worker bool) {
	const workers = 0x10 | 0x4000
	i := bytes.LastIndexByte(data, ')')
	f := bytes.Fields(data[i+1:])
	if len(f) < 7 || len(f[0]) == 0 {
		return 'X', false
	}
	flags, _ := strconv.ParseUint(string(f[6]), 10, 64)
	return f[0][0], flags&workers != 0
}

// turns is how often a thread has been put on a processor.
func (e *eyes) turns(tid int) string {
	data, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(e.pid), "task", strconv.Itoa(tid), "schedstat"))
	if err != nil {
		return ""
	}
	f := bytes.Fields(data)
	if len(f) < 3 {
		return ""
	}
	return string(f[2])
}

// where says what a thread sleeps in.
type where struct {
	known  bool  // it sleeps, or is stopped
	number int64 // of the system call; -1 if it is in none
	sp, pc uint64
}

// where is what /proc/PID/task/TID/syscall says of a thread (proc(5)).
func (e *eyes) where(tid int) where {
	fd, ok := e.syscall[tid]
	for range 2 {
		if !ok {
			var err error
			if fd, err = unix.Open(fmt.Sprintf("/proc/%d/task/%d/syscall", e.pid, tid), unix.O_RDONLY|unix.O_CLOEXEC, 0); err != nil {
				return where{}
			}
			e.syscall[tid] = fd
		}
		var buf [256]byte
		n, err := unix.Pread(fd, buf[:], 0)
		if err == nil {
			return parseWhere(buf[:n])
		}
		// The thread has ended, and perhaps another has its name by now.
		_ = unix.Close(fd)
		delete(e.syscall, tid)
		ok = false
	}
	return where{}
}

func parseWhere(text []byte) (w where) {
	f := bytes.Fields(text)
	if len(f) < 3 {
		return w
	}
	number, err := strconv.ParseInt(string(f[0]), 10, 64)
	sp, err1 := strconv.ParseUint(string(bytes.TrimPrefix(f[len(f)-2], []byte("0x"))), 16, 64)
	pc, err2 := strconv.ParseUint(string(bytes.TrimPrefix(f[len(f)-1], []byte("0x"))), 16, 64)
	if err != nil || err1 != nil || err2 != nil {
		return w
	}
	return where{true, number, sp, pc}
}
