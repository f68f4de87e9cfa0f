package ptrace

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func readProc(tid int, name string) (string, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", tid, name))
	return string(data), err
}

// openFile opens what a process has open.
func openFile(pid, fd int) (*os.File, error) {
	return os.OpenFile(fmt.Sprintf("/proc/%d/fd/%d", pid, fd), os.O_WRONLY, 0)
}

func TestParseStatus(t *testing.T) {
	for name, c := range map[string]struct {
		data string
		want status
		err  string
	}{
		"whole": {"Name:\tbank\nUmask:\t0022\nState:\tt (tracing stop)\nTgid:\t4711\nNgid:\t0\nPid:\t4713\nPPid:\t1\nTracerPid:\t815\nUid:\t1000\t1001\t1002\t1003\nGid:\t5\t5\t5\t5\nThreads:\t23\nSigQ:\t0/1\n",
			status{tgid: 4711, tracer: 815, uid: 1000, threads: 23, state: 't'}, ""},
		"zombie":          {"Name:\tx\nState:\tZ (zombie)\nTgid:\t7\nTracerPid:\t0\nUid:\t0\t0\t0\t0\n", status{tgid: 7, state: 'Z'}, ""},
		"names that lie":  {"Name:\tTgid: 5 State: Z\\nUid:\nState:\tR (running)\nTgid:\t9\n", status{tgid: 9, state: 'R'}, ""},
		"without values":  {"State:\nTgid:\t\nUid:\n", status{}, ""},
		"nothing":         {"", status{}, ""},
		"cut in a line":   {"State:\tS (sleeping)\nTgid:\t12", status{tgid: 12, state: 'S'}, ""},
		"no number":       {"Tgid:\tx\n", status{}, "Tgid"},
		"number too long": {"State:\tS\nUid:\t99999999999999999999\n", status{}, "Uid"},
	} {
		got, err := parseStatus([]byte(c.data))
		switch {
		case c.err == "" && (err != nil || got != c.want):
			t.Errorf("%s: %+v, %v, want %+v", name, got, err, c.want)
		case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParseStatus(f *testing.F) {
	own, err := readProc(os.Getpid(), "status")
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(own))
	f.Add([]byte("State:\tZ\nTgid:\t-1\nUid:\t\n:\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if st, err := parseStatus(data); err != nil && !strings.HasPrefix(err.Error(), "/proc/PID/status: ") {
			t.Errorf("%+v, %v", st, err)
		}
	})
}

func TestReadOwnStatus(t *testing.T) {
	st, err := readStatus(os.Getpid())
	if err != nil || st.tgid != os.Getpid() || st.tracer != 0 || st.uid != os.Getuid() || st.state == 0 {
		t.Errorf("%+v, %v", st, err)
	}
	tids, err := threadIDs(os.Getpid())
	if err != nil || len(tids) < 2 {
		t.Errorf("threads %v, %v", tids, err)
	}
	for _, tid := range tids {
		if processOf(tid) != os.Getpid() && processOf(tid) != tid { // it may have ended
			t.Errorf("thread %d belongs to %d", tid, processOf(tid))
		}
	}
	if _, err := readStatus(-1); err == nil {
		t.Error("a process -1")
	}
	if _, err := threadIDs(-1); err == nil {
		t.Error("threads of a process -1")
	}
}

func TestSharesMemory(t *testing.T) {
	me := os.Getpid()
	if _, _, e := unix.RawSyscall6(unix.SYS_KCMP, uintptr(me), uintptr(me), 1, 0, 0, 0); e != 0 {
		t.Skipf("no kcmp(2): %v", e)
	}
	if !sharesMemory(me, me, false) {
		t.Error("a process does not share memory with itself")
	}
	child := begin(t, target(t), "idle", "1").Process.Pid
	if sharesMemory(me, child, true) {
		t.Error("a process shares memory with an unrelated one")
	}
	for _, guess := range []bool{true, false} {
		if sharesMemory(-1, me, guess) != guess {
			t.Error("it cannot be known, and the guess is not taken")
		}
	}
}
