package testkit

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Main runs the tests of a package, removes what was built for them, and fails if they
// left a child process behind.
func Main(m *testing.M) {
	openSlots()
	code := m.Run()
	if built.dir != "" {
		if err := os.RemoveAll(built.dir); err != nil {
			fmt.Fprintln(os.Stderr, "testkit:", err)
			code = 1
		}
	}
	var info unix.Siginfo
	err := unix.Waitid(unix.P_ALL, 0, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	if err != unix.ECHILD {
		fmt.Fprintf(os.Stderr, "testkit: the tests left a child process behind (%v)\n", err)
		code = 1
	}
	os.Exit(code)
}

// Deadline is how long a test on real processes may take. It is no measure of speed:
// shared machines are slow at times.
const Deadline = 5 * time.Minute

// Watchdog ends the test binary with the stacks of all goroutines if the test is not
// over by the deadline: a hung test cannot be failed otherwise when a thread waits in
// the kernel. It waits first for tests that need all debug registers (AllSlots).
func Watchdog(t testing.TB) {
	t.Helper()
	shareSlots(t)
	name := t.Name()
	timer := time.AfterFunc(Deadline, func() {
		buf := make([]byte, 1<<20)
		fmt.Fprintf(os.Stderr, "testkit: %s hangs\n%s\n", name, buf[:runtime.Stack(buf, true)])
		os.Exit(2)
	})
	t.Cleanup(func() { timer.Stop() })
}

// Resources are what a process can leak. The Go runtime makes threads as it likes and keeps
// them: who has reason to count them allows for some more, others allow Any.
type Resources struct {
	Descriptors, Goroutines, Threads int
}

// Any is more of a resource than anybody uses.
const Any = math.MaxInt

// Used counts what this process uses now.
func Used(t testing.TB) Resources {
	t.Helper()
	count := func(dir string) int {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	return Resources{Descriptors: count("/proc/self/fd"), Goroutines: runtime.NumGoroutine(), Threads: count("/proc/self/task")}
}

// NoMoreThan fails t if this process uses more than want of anything. It polls:
// goroutines and threads that have been told to end do so a little later.
func NoMoreThan(t testing.TB, want Resources) {
	t.Helper()
	deadline := time.Now().Add(Deadline / 4)
	for {
		got := Used(t)
		if got.Descriptors <= want.Descriptors && got.Goroutines <= want.Goroutines && got.Threads <= want.Threads {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("left behind: %+v are used, %+v were to be", got, want)
			return
		}
		runtime.Gosched()
	}
}

// State is the state letter of a process as /proc has it ('R', 'S', 't', 'T', 'Z'), 0 if
// there is no such process.
func State(pid int) byte {
	data, err := os.ReadFile(filepath.Join("/proc", fmt.Sprint(pid), "stat"))
	if err != nil {
		return 0
	}
	if _, after, ok := strings.Cut(string(data), ") "); ok && after != "" {
		return after[0]
	}
	return 0
}
