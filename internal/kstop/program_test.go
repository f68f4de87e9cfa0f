package kstop

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/bpfhit"
	"github.com/argusdbg/argus/internal/perf"
	"github.com/argusdbg/argus/internal/testkit"
	"github.com/argusdbg/argus/ptrace"
)

// Every hit stops its thread behind the store, and has its record.
func TestEveryHitStops(t *testing.T) {
	need(t)
	const stores, threads = 2000, 3
	p := beginC(t, "stores", "2000", "3")
	prog := mustLoad(t, ringSize)
	stops, last := 0, map[int]uint64{}
	answer, unknown := hits(t, p, func(proc *ptrace.Process) error {
		watch(t, proc.PID, store(p.data), prog, perf.Options{Inherit: true})
		return nil
	}, func(th *ptrace.Thread, pc uint64, info *ptrace.Siginfo) error {
		here, earlier := prog.Take(th.TID, pc)
		if len(here) != 1 || len(earlier) != 0 || info.Signo != int32(unix.SIGCHLD) {
			t.Errorf("stop %d of thread %d at %#x: %v, earlier %v", stops, th.TID, pc, here, earlier)
			return nil
		}
		if r := here[0]; r.TID != th.TID || r.PID != p.pid() || r.PC != pc || r.Addr != p.data || r.Sent != 0 ||
			r.Signal != unix.SIGCHLD || uint64(r.Time) <= last[th.TID] {
			t.Errorf("record %+v, before it %d", r, last[th.TID])
		} else {
			last[th.TID] = uint64(r.Time)
		}
		stops++
		return nil
	})
	if stops+unknown != stores*threads || unknown > stops/100 || prog.Lost() != 0 || len(last) != threads {
		t.Errorf("%d stops of %d stores, %d of unknown cause, %d lost, %d threads", stops, stores*threads, unknown, prog.Lost(), len(last))
	}
	if answer[1] != 0 {
		t.Errorf("the program saw %d of the signals", answer[1])
	}
}

// Two events on one store are two records of one stop.
func TestTwoEventsOnOneStore(t *testing.T) {
	need(t)
	p := beginC(t, "stores", "300", "1")
	prog := mustLoad(t, ringSize)
	stops := 0
	half := store(p.data)
	half.Len = 4
	_, unknown := hits(t, p, func(proc *ptrace.Process) error {
		watch(t, proc.PID, store(p.data), prog, perf.Options{})
		watch(t, proc.PID, half, prog, perf.Options{})
		return nil
	}, func(th *ptrace.Thread, pc uint64, _ *ptrace.Siginfo) error {
		here, _ := prog.Take(th.TID, pc)
		if len(here) != 2 || here[0].Sent != 0 || here[1].Sent != unix.EBUSY {
			t.Errorf("records %+v", here)
		}
		stops++
		return nil
	})
	if stops+unknown != 300 {
		t.Errorf("%d stops, %d of unknown cause", stops, unknown)
	}
}

// An execution event stops before the instruction, once.
func TestExecution(t *testing.T) {
	need(t)
	p := beginC(t, "stores", "300", "1")
	prog := mustLoad(t, ringSize)
	stops := 0
	_, unknown := hits(t, p, func(proc *ptrace.Process) error {
		watch(t, proc.PID, execution(p.code), prog, perf.Options{})
		return nil
	}, func(th *ptrace.Thread, pc uint64, _ *ptrace.Siginfo) error {
		if here, earlier := prog.Take(th.TID, pc); pc != p.code || len(here) != 1 || len(earlier) != 0 {
			t.Errorf("at %#x: %v, earlier %v", pc, here, earlier)
		}
		stops++
		return nil
	})
	if stops+unknown != 300 {
		t.Errorf("%d stops, %d of unknown cause", stops, unknown)
	}
}

// A thread that blocks SIGCHLD is stopped as exactly by SIGURG.
func TestBlockedSIGCHLD(t *testing.T) {
	need(t)
	p := beginC(t, "blocked", "200")
	prog := mustLoad(t, ringSize)
	if prog.parts.blocked < 0 {
		t.Skip("the kernel does not let programs see what a thread blocks")
	}
	stops := 0
	_, unknown := hits(t, p, func(proc *ptrace.Process) error {
		watch(t, proc.PID, store(p.data), prog, perf.Options{})
		return nil
	}, func(th *ptrace.Thread, pc uint64, info *ptrace.Siginfo) error {
		here, _ := prog.Take(th.TID, pc)
		if len(here) != 1 || here[0].Signal != unix.SIGURG || info.Signo != int32(unix.SIGURG) || th.PendingSignal() != int(unix.SIGURG) {
			t.Errorf("records %+v, signal %d, in hand %d", here, info.Signo, th.PendingSignal())
		}
		stops++
		return nil
	})
	if stops+unknown != 200 {
		t.Errorf("%d stops, %d of unknown cause", stops, unknown)
	}
}

// A thread that blocks both never stops, and its hits are on record.
func TestBlockedBoth(t *testing.T) {
	need(t)
	p := beginC(t, "both", "100")
	prog := mustLoad(t, ringSize)
	watch(t, p.pid(), store(p.data), prog, perf.Options{})
	answer := p.ask()
	if answer[1] != 0 {
		t.Errorf("%d signals taken", answer[1])
	}
	here, earlier := prog.Take(p.pid(), 1)
	if len(here) != 0 || len(earlier)+int(answer[2]) != 100 {
		t.Errorf("%d hits here, %d earlier", len(here), len(earlier))
	}
	for _, r := range earlier {
		if prog.parts.blocked >= 0 && r.Signal != unix.SIGCHLD {
			t.Errorf("record %+v", r)
		}
	}
}

// Without a debugger the program takes a signal that it ignores; and what does not fit
// into the ring is counted.
func TestNothingIsLostSilently(t *testing.T) {
	need(t)
	const stores = 5000
	p := beginC(t, "stores", "5000", "1")
	prog := mustLoad(t, uint32(os.Getpagesize()))
	e := watch(t, p.pid(), store(p.data), prog, perf.Options{})
	answer := p.ask()
	if answer[1] == 0 {
		t.Error("no signal came to a program with a handler")
	}
	n, err := e.Count()
	if err != nil {
		t.Fatal(err)
	}
	_, earlier := prog.Take(p.pid(), 1)
	if n+answer[2] != stores || uint64(len(earlier))+prog.Lost() != n || prog.Lost() == 0 || len(earlier) == 0 {
		t.Errorf("%d hits, %d records, %d lost", n, len(earlier), prog.Lost())
	}
}

// What system calls write is counted, and does not disturb them.
func TestKernelHits(t *testing.T) {
	need(t)
	p := beginC(t, "read", "500")
	prog := mustLoad(t, ringSize)
	e := watch(t, p.pid(), store(p.data), prog, perf.Options{Kernel: true})
	if answer := p.ask(); answer[0] != 0 || answer[1] != 0 {
		t.Errorf("%d reads cut short, %d signals", answer[0], answer[1])
	}
	n, err := e.Count()
	if err != nil {
		t.Fatal(err)
	}
	if prog.KernelHits() < 500 || prog.KernelHits() != n {
		t.Errorf("%d hits counted, the event has %d", prog.KernelHits(), n)
	}
	if here, earlier := prog.Take(p.pid(), 1); len(here)+len(earlier) != 0 {
		t.Errorf("records of kernel hits: %v %v", here, earlier)
	}
}

func TestClose(t *testing.T) {
	need(t)
	before := testkit.Used(t).Descriptors
	for range 5 {
		p, err := Load()
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		}
		if here, earlier := p.Take(1, 1); len(here)+len(earlier)+int(p.Lost()+p.KernelHits()) != 0 {
			t.Error("a closed program has records")
		}
	}
	if after := testkit.Used(t).Descriptors; after > before {
		t.Errorf("%d descriptors, before %d", after, before)
	}
}

// An ordinary user is told what it takes.
func TestNotPermitted(t *testing.T) {
	cmd := self("stranger")
	if os.Getuid() == 0 {
		exe, err := os.Open("/proc/self/exe")
		if err != nil {
			t.Fatal(err)
		}
		defer exe.Close()
		cmd.Path, cmd.ExtraFiles = "/proc/self/fd/3", []*os.File{exe}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	} else if Probe() == nil {
		t.Skip("this user has the capabilities")
	}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "CAP_BPF and CAP_PERFMON") && bpfhit.Supported {
		t.Errorf("%v: %s", err, out)
	}
}

func TestErrors(t *testing.T) {
	var denied *PermissionError
	var lacking *UnsupportedError
	for _, c := range []struct {
		err  error
		into any
		text string
	}{
		{unix.EPERM, &denied, "run as root"},
		{unix.EACCES, &denied, "run as root"},
		{unix.ENOSYS, &lacking, "CONFIG_BPF_SYSCALL"},
		{unix.EINVAL, &lacking, "Linux 5.8"},
	} {
		err := explain(c.err)
		if !errors.As(err, c.into) || !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%v: %v", c.err, err)
		}
	}
	if err := explain(unix.ENOMEM); errors.As(err, &denied) || errors.As(err, &lacking) || !errors.Is(err, unix.ENOMEM) {
		t.Errorf("out of memory: %v", err)
	}
}
