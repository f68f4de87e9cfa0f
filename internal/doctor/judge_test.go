package doctor

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/hwbp"
	"github.com/argusdbg/argus/internal/kstop"
	"github.com/argusdbg/argus/internal/lanes"
	"github.com/argusdbg/argus/internal/perf"
	"github.com/argusdbg/argus/internal/wpscan"
	"github.com/argusdbg/argus/ptrace"
)

// expect compares a check with what it must say: its status, and words of what
// was found and of how to mend it. It holds for all of them that a lack has a
// price and that nothing else has.
func expect(t *testing.T, c Check, want Status, found, mend string) {
	t.Helper()
	if c.Status != want || !strings.Contains(c.Found, found) || !strings.Contains(c.Mend, mend) || (mend == "") != (c.Mend == "") {
		t.Errorf("got %+v\nwant %s, found %q, mend %q", c, want, found, mend)
	}
	if (c.Status == StatusLimited || c.Status == StatusMissing) && c.Costs == "" {
		t.Errorf("a lack that costs nothing: %+v", c)
	}
	if c.Status == StatusOK && c.Costs+c.Mend != "" {
		t.Errorf("nothing lacks and it costs something: %+v", c)
	}
}

// settings are files of a machine whose process has capabilities and a seccomp mode.
func settings(capabilities uint64, seccomp int, files ...string) host {
	m := map[string]string{"proc/self/status": status(capabilities, seccomp)}
	for i := 0; i < len(files); i += 2 {
		m[files[i]] = files[i+1]
	}
	return fake(m)
}

const (
	yamaFile     = "proc/sys/kernel/yama/ptrace_scope"
	paranoidFile = "proc/sys/kernel/perf_event_paranoid"
	uffdFile     = "proc/sys/vm/unprivileged_userfaultfd"
	bpfFile      = "proc/sys/kernel/unprivileged_bpf_disabled"
)

func TestJudgeMachine(t *testing.T) {
	h := fake(map[string]string{"proc/cpuinfo": "processor\t: 0\nflags\t\t: fpu vme\n\nprocessor\t: 1\nflags\t\t: fpu hypervisor\n"})
	expect(t, h.judgeMachine(), StatusOK, "Linux 6.18.1-test, amd64, 2 processors", "")
	h = fake(map[string]string{"proc/cpuinfo": "processor\t: 0\nflags\t\t: fpu hypervisor lahf_lm\n"})
	expect(t, h.judgeMachine(), StatusLimited, "in a virtual machine", "bare machine")
	h = fake(map[string]string{"proc/cpuinfo": "processor\t: 0\nFeatures\t: fp asimd\n"})
	h.arch, h.cpus = "arm64", 1
	expect(t, h.judgeMachine(), StatusLimited, "arm64, 1 processor", "x86-64")
}

func TestJudgePtrace(t *testing.T) {
	denied := fmt.Errorf("start: %w", unix.EPERM)
	for _, c := range []struct {
		h           host
		err         error
		want        Status
		found, mend string
	}{
		{settings(0, 0), nil, StatusOK, "held", ""},
		{settings(0, 0), errNoProgram, StatusUnknown, "true, env", "install"},
		{settings(allCapabilities, 0, yamaFile, "3"), denied, StatusMissing, "ptrace_scope 3", "reboot"},
		{settings(0, 0, yamaFile, "2"), denied, StatusMissing, "CAP_SYS_PTRACE", "ptrace_scope=1"},
		{settings(allCapabilities, 2, yamaFile, "2"), denied, StatusMissing, "a seccomp filter is set", "outside the sandbox"},
		{settings(0, 2, ".dockerenv", ""), denied, StatusMissing, "container (docker)", "--cap-add=SYS_PTRACE"},
		{settings(0, 2, "proc/1/cgroup", "0::/kubepods/x"), denied, StatusMissing, "kubernetes", "add: [SYS_PTRACE]"},
		{settings(0, 0), unix.EACCES, StatusMissing, "no seccomp filter", "security module"},
		{settings(0, 0), unix.ENOSYS, StatusMissing, "does not work", "Rosetta"},
		{settings(0, 0), unix.EIO, StatusMissing, "does not work", "Rosetta"},
		{settings(0, 0), unix.EAGAIN, StatusUnknown, unix.EAGAIN.Error(), "error above"},
	} {
		expect(t, c.h.judgePtrace(c.err), c.want, c.found, c.mend)
	}
}

func TestJudgeSlots(t *testing.T) {
	h := fake(nil)
	other := errors.New("something else")
	for _, c := range []struct {
		o           childOutcome
		want        Status
		found, mend string
	}{
		{childOutcome{slots: 4}, StatusOK, "4 debug registers a thread, for up to 8 bytes", ""},
		{childOutcome{slots: 1, slot: ptrace.ErrNoSlot}, StatusLimited, "1 debug register a thread of 4", "perf record"},
		{childOutcome{slot: fmt.Errorf("thread 7: %w", ptrace.ErrNoSlot)}, StatusMissing, "somebody else holds all 4", "perf record"},
		{childOutcome{slot: fmt.Errorf("thread 7: %w", ptrace.ErrNoDebugRegisters)}, StatusMissing, "no access", "Rosetta"},
		{childOutcome{slot: other}, StatusMissing, other.Error(), "Rosetta"},
		{childOutcome{launch: unix.EPERM}, StatusUnknown, "not tried", ""},
	} {
		expect(t, h.judgeSlots(hwbp.AMD64, c.o), c.want, c.found, c.mend)
	}
	if c := h.judgeSlots(hwbp.AMD64, childOutcome{slots: 3, slot: ptrace.ErrNoSlot}); c.Costs != "1 watchpoint at a time" {
		t.Errorf("got %q", c.Costs)
	}
}

func TestJudgeHits(t *testing.T) {
	h := fake(nil)
	for _, c := range []struct {
		o           childOutcome
		want        Status
		found, mend string
	}{
		{childOutcome{slots: 4}, StatusOK, "reported", ""},
		{childOutcome{slots: 4, hit: errNoHit}, StatusMissing, "not reported", "QEMU"},
		{childOutcome{slots: 4, hit: errTimeout}, StatusUnknown, "in time", "idle"},
		{childOutcome{slots: 4, hit: unix.EINVAL}, StatusUnknown, unix.EINVAL.Error(), "again"},
		{childOutcome{hit: ptrace.ErrNoSlot}, StatusUnknown, "not tried", ""},
		{childOutcome{launch: unix.EPERM}, StatusUnknown, "not tried", ""},
	} {
		expect(t, h.judgeHits(c.o), c.want, c.found, c.mend)
	}
}

func TestJudgeAttach(t *testing.T) {
	yes, no, none := attachOutcome{2, true}, attachOutcome{2, false}, attachOutcome{}
	for _, c := range []struct {
		h           host
		o           attachOutcome
		launch      error
		want        Status
		found, mend string
	}{
		{settings(0, 0), yes, nil, StatusOK, "to processes of this user (no kernel.yama.ptrace_scope, CAP_SYS_PTRACE not held", ""},
		{settings(0, 0, yamaFile, "0"), none, nil, StatusOK, "of this user, not tried (kernel.yama.ptrace_scope 0", ""},
		{settings(allCapabilities, 0, yamaFile, "1"), yes, nil, StatusOK, "of all users (kernel.yama.ptrace_scope 1, CAP_SYS_PTRACE held", ""},
		{settings(allCapabilities, 0, yamaFile, "2"), yes, nil, StatusOK, "of all users", ""},
		{settings(0, 0, yamaFile, "1"), no, nil, StatusLimited, "itself only", "ptrace_scope=0"},
		{settings(0, 0, yamaFile, "2"), no, unix.ENOENT, StatusMissing, "to no process", "ptrace_scope=0"},
		{settings(allCapabilities, 0, yamaFile, "3"), no, nil, StatusMissing, "to no process", "reboot"},
		{settings(0, 2), no, nil, StatusLimited, "refused", "seccomp"},
		{settings(0, 0), no, unix.EPERM, StatusMissing, "not permitted", "ptrace above"},
	} {
		expect(t, c.h.judgeAttach(c.o, c.launch), c.want, c.found, c.mend)
	}
}

func TestJudgePerf(t *testing.T) {
	old := settings(0, 0)
	old.release = "5.10.0"
	noSigtrap := &perf.UnsupportedError{Feature: "sigtrap", Since: "5.13", Err: unix.EINVAL}
	for _, c := range []struct {
		h           host
		o           perfOutcome
		want        Status
		found, mend string
	}{
		{settings(0, 0, paranoidFile, "1"), perfOutcome{}, StatusOK, "kernel.perf_event_paranoid 1", ""},
		{settings(0, 0, paranoidFile, "2"), perfOutcome{sys: unix.EACCES}, StatusLimited, "perf_event_paranoid 2", "perf_event_paranoid=1"},
		{settings(0, 0), perfOutcome{sys: unix.EINVAL}, StatusLimited, unix.EINVAL.Error(), ""},
		{settings(0, 0, paranoidFile, "3"), perfOutcome{user: &perf.PermissionError{Err: unix.EACCES}, sys: unix.EACCES}, StatusMissing, "perf_event_paranoid 3", "perf_event_paranoid=2"},
		{settings(0, 2, paranoidFile, "2", ".dockerenv", ""), perfOutcome{user: unix.EPERM, sys: unix.EPERM}, StatusMissing, "seccomp filter", "--cap-add=PERFMON"},
		{settings(0, 0), perfOutcome{user: perf.ErrNoSlot, sys: perf.ErrNoSlot}, StatusMissing, "free", "perf record"},
		{old, perfOutcome{user: noSigtrap, sys: unix.EINVAL}, StatusMissing, "sigtrap", "5.13"},
		{settings(0, 0), perfOutcome{user: unix.EINVAL, sys: unix.EINVAL}, StatusMissing, "no breakpoint events", "CONFIG_PERF_EVENTS"},
		{settings(0, 0), perfOutcome{tried: context.Canceled}, StatusUnknown, "not tried", ""},
	} {
		got := c.h.judgePerf(c.o)
		expect(t, got, c.want, c.found, c.mend)
		if limited := got.Status == StatusLimited; limited != (got.Costs == unseenCalls) {
			t.Errorf("%+v", got)
		}
	}
}

func TestJudgeDriver(t *testing.T) {
	expect(t, judgeDriver(driverOutcome{auto: "perf"}, perfOutcome{}), StatusOK, "argus takes perf", "")
	expect(t, judgeDriver(driverOutcome{auto: "ptrace"}, perfOutcome{user: unix.EACCES}), StatusLimited, "argus takes ptrace: perf gives "+unix.EACCES.Error(), "perf above")
	expect(t, judgeDriver(driverOutcome{err: unix.EMFILE}, perfOutcome{}), StatusUnknown, unix.EMFILE.Error(), "")
}

func TestJudgeSafe(t *testing.T) {
	safe := func(driver string, err error) driverOutcome {
		return driverOutcome{auto: "perf", safe: &lanes.DriverError{Driver: driver, Err: err}}
	}
	expect(t, judgeSafe(driverOutcome{}), StatusOK, "goes on if argus is killed", "")
	expect(t, judgeSafe(safe(lanes.DriverPerf, unix.EACCES)), StatusMissing, "may die", "as for perf above")
	expect(t, judgeSafe(safe(lanes.DriverSafe, &kstop.PermissionError{Err: unix.EPERM})), StatusMissing, "may die", "as for bpf above")
	expect(t, judgeSafe(safe(lanes.DriverSafe, &kstop.UnsupportedError{Reason: "old", Err: unix.EINVAL})), StatusMissing, "may die", "as for bpf above")
	expect(t, judgeSafe(safe(lanes.DriverSafe, &kstop.UnsupportedError{Reason: "not on this processor"})), StatusMissing, "not on this processor", "")
}

func TestJudgeProof(t *testing.T) {
	proof := func(err error) childOutcome { return childOutcome{slots: 4, proof: fmt.Errorf("find out: %w", err)} }
	expect(t, settings(0, 0).judgeProof(childOutcome{}), StatusOK, "which memory was written", "")
	expect(t, settings(0, 0).judgeProof(childOutcome{launch: unix.EPERM}), StatusUnknown, "not tried", "")
	expect(t, settings(0, 2).judgeProof(proof(&wpscan.NotPermittedError{Reason: "forbidden", Err: unix.EPERM})), StatusMissing, "not permitted: forbidden (a seccomp filter is set", "seccomp")
	expect(t, settings(0, 0).judgeProof(proof(&wpscan.NotSupportedError{Reason: "cannot", Err: unix.ENOTTY})), StatusMissing, "cannot (this is 6.18.1-test)", "6.7")
	expect(t, settings(0, 0).judgeProof(proof(unix.EIO)), StatusUnknown, unix.EIO.Error(), "")
}

// unused: the check of something that this version does not use says so.
func unused(t *testing.T, c Check) {
	t.Helper()
	if c.Costs != "" && !strings.HasPrefix(c.Costs, "nothing in this version") {
		t.Errorf("claims a price: %+v", c)
	}
}

func TestJudgeUserfaultfd(t *testing.T) {
	const all = 1<<0 | 1<<8 | 1<<11 | 1<<13
	for _, c := range []struct {
		h           host
		o           userfaultfdOutcome
		want        Status
		found, mend string
	}{
		{settings(0, 0), userfaultfdOutcome{features: all}, StatusOK, "write protection", ""},
		{settings(0, 0), userfaultfdOutcome{features: all &^ (1 << 13)}, StatusLimited, "without write protection of unpopulated pages", "Linux 6.4"},
		{settings(0, 0), userfaultfdOutcome{features: 1<<0 | 1<<8}, StatusLimited, "without exact addresses, write protection of unpopulated pages", "Linux 6.4"},
		{settings(0, 0, uffdFile, "0"), userfaultfdOutcome{all: unix.EPERM, features: all}, StatusLimited, "user mode only", "unprivileged_userfaultfd=1"},
		{settings(0, 2), userfaultfdOutcome{all: unix.EPERM, features: all}, StatusLimited, "user mode only", "seccomp"},
		{settings(0, 2), userfaultfdOutcome{all: unix.EPERM, user: unix.EPERM}, StatusMissing, "not permitted", "seccomp"},
		{settings(0, 0), userfaultfdOutcome{all: unix.ENOSYS, user: unix.ENOSYS}, StatusMissing, "has none", "CONFIG_USERFAULTFD"},
		{settings(0, 0), userfaultfdOutcome{api: unix.EINVAL}, StatusUnknown, unix.EINVAL.Error(), ""},
	} {
		got := c.h.judgeUserfaultfd(c.o)
		expect(t, got, c.want, c.found, c.mend)
		unused(t, got)
	}
}

func TestJudgeBPF(t *testing.T) {
	for _, c := range []struct {
		h           host
		err         error
		want        Status
		found, mend string
	}{
		{settings(0, 0, kernelTypes, ""), nil, StatusOK, "types", ""},
		{settings(0, 0), nil, StatusLimited, "/sys/kernel/btf/vmlinux is not there", "CONFIG_DEBUG_INFO_BTF"},
		{settings(0, 0, bpfFile, "2"), unix.EPERM, StatusMissing, "CAP_PERFMON not held, kernel.unprivileged_bpf_disabled 2", "as root"},
		{settings(1<<unix.CAP_BPF, 0), unix.EPERM, StatusMissing, "CAP_PERFMON not held", "as root"},
		{settings(1<<unix.CAP_BPF|1<<unix.CAP_PERFMON, 2), unix.EPERM, StatusMissing, "seccomp", "permit bpf"},
		{settings(1<<unix.CAP_SYS_ADMIN, 0), unix.EPERM, StatusMissing, "not permitted (no seccomp", "security module"},
		{settings(0, 0), unix.ENOSYS, StatusMissing, "has none", "CONFIG_BPF_SYSCALL"},
		{settings(0, 0), unix.EINVAL, StatusMissing, unix.EINVAL.Error(), "CONFIG_BPF_EVENTS"},
	} {
		got := c.h.judgeBPF(c.err)
		expect(t, got, c.want, c.found, c.mend)
		if c.want != StatusOK && !strings.Contains(got.Costs, "argus trace") {
			t.Errorf("does not say what traces lack: %+v", got)
		}
	}
}

func TestJudgeGo(t *testing.T) {
	notFound := &exec.Error{Name: "go", Err: exec.ErrNotFound}
	for _, c := range []struct {
		o           goOutcome
		want        Status
		found, mend string
	}{
		{goOutcome{version: "go1.26.8 linux/amd64"}, StatusOK, "can be read; the go command is go1.26.8", ""},
		{goOutcome{version: "go1.25rc1 linux/amd64"}, StatusOK, "go1.25rc1", ""},
		{goOutcome{version: "go1.24.9 linux/amd64"}, StatusLimited, "older: go1.24.9", "1.25 or later"},
		{goOutcome{version: "go1.28.0 linux/amd64"}, StatusLimited, "later: go1.28.0", "GOTOOLCHAIN=go1.27.0"},
		{goOutcome{version: "devel +0123abc Mon Jan 1 linux/amd64"}, StatusOK, "development", ""},
		{goOutcome{version: "gibberish"}, StatusUnknown, "gibberish", "1.25 to 1.27"},
		{goOutcome{err: notFound}, StatusLimited, "no go command", "install Go"},
		{goOutcome{err: errors.New("exit status 2")}, StatusLimited, "exit status 2", "go version works"},
		{goOutcome{err: fmt.Errorf("x: %w", context.Canceled)}, StatusUnknown, "in time", "again"},
	} {
		expect(t, judgeGo(c.o), c.want, c.found, c.mend)
	}
}
