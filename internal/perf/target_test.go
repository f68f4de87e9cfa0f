package perf

import (
	"os"
	"reflect"
	"runtime"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/testkit"
)

// targetFile is the environment variable by which the test binary is told to be
// the target of a test: a path to the memory it shares with it.
const targetFile = "ARGUS_PERF_TARGET"

// The main goroutine of a target keeps the first thread, which never ends.
func init() {
	if os.Getenv(targetFile) != "" {
		runtime.LockOSThread()
	}
}

func TestMain(m *testing.M) {
	if path := os.Getenv(targetFile); path != "" {
		beTarget(path)
	}
	testkit.Main(m)
}

// op is what a worker is told to do.
type op uint64

const (
	opStore op = iota // store to the word n times, another value each time
	opLoad            // load it n times
	opCall            // call a function n times
	opRead            // have the kernel write the word n times: read(2)
	opSpin            // be busy
	opStart           // start worker n
	opFork            // have a forked child store to the word n times
	opLeave           // end the thread
	opExec            // start over as another program
)

// watched is what tests watch. Nothing else writes it.
var watched [8]uint64

// The race detector accesses what it checks a second time.
//
//go:noinline
//go:norace
func store(w *uint64, v uint64) { *w = v }

//go:noinline
//go:norace
func load(w *uint64) uint64 { return *w }

var calls atomic.Uint64

//go:noinline
func called() { calls.Add(1) }

// beTarget is what a target does. It does not return.
func beTarget(path string) {
	fd, err := unix.Open(path, unix.O_RDWR, 0)
	if err != nil {
		panic(err)
	}
	s, err := mapShared(fd)
	if err != nil {
		panic(err)
	}
	zero, err := unix.Open("/dev/zero", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		panic(err)
	}
	s.watched = addressOf(&watched[0])
	s.called = uint64(reflect.ValueOf(called).Pointer())
	go s.work(0, zero)
	select {}
}

// work is a worker's thread.
func (s *shared) work(i, zero int) {
	runtime.LockOSThread() // and end with the goroutine
	w := &s.workers[i]
	w.tid.Store(int64(unix.Gettid()))
	orders := w.asked.Load() // by those for the program before an exec
	bump(&w.done)
	for ; ; orders++ {
		sleepUntil(&w.asked, orders)
		if w.op == opLeave {
			return
		}
		s.obey(w, zero)
		bump(&w.done)
	}
}

func (s *shared) obey(w *worker, zero int) {
	word := &watched[w.word]
	for k := uint64(0); (w.n == 0 || k < w.n) && s.stop.Load() == 0; k++ {
		switch w.op {
		case opStore:
			store(word, k)
			w.stores.Store(w.stores.Load() + 1)
		case opLoad:
			load(word)
		case opCall:
			called()
		case opRead:
			if _, err := unix.Read(zero, bytesOf(word)); err != nil {
				panic(err)
			}
		case opFork:
			forked(word, w.n)
			return
		case opStart:
			go s.work(int(w.n), zero)
			return
		case opExec:
			if err := unix.Exec("/proc/self/exe", []string{"target"}, os.Environ()); err != nil {
				panic(err)
			}
		}
	}
}

// forked makes a copy of the process that stores and ends, and waits for it. In
// the copy nothing works but this thread.
//
//go:norace
func forked(w *uint64, n uint64) {
	pid, _, e := unix.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if e != 0 {
		panic(e)
	}
	if pid == 0 {
		for ; n > 0; n-- {
			*w = n
		}
		unix.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
	}
	if _, err := unix.Wait4(int(pid), nil, 0, nil); err != nil {
		panic(err)
	}
}
