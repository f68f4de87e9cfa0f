package main

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/kstop"
	"github.com/argusdbg/argus/internal/perf"
)

// memoryOf reads a 64-bit variable of a program that runs scenariosPath.
func memoryOf(t *testing.T, pid int, symbol string) int64 {
	t.Helper()
	file, err := elf.Open(scenariosPath)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	symbols, err := file.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range symbols {
		if s.Name != symbol {
			continue
		}
		mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
		if err != nil {
			t.Fatal(err)
		}
		defer mem.Close()
		var b [8]byte
		if _, err := mem.ReadAt(b[:], int64(s.Value)); err != nil {
			t.Fatal(err)
		}
		return int64(binary.NativeEndian.Uint64(b[:]))
	}
	t.Fatalf("%s has no %s", scenariosPath, symbol)
	return 0
}

// progress waits until the program "forever" has gone round some more times.
func progress(t *testing.T, pid int) {
	t.Helper()
	before := memoryOf(t, pid, "main.x")
	eventually(t, "progress", func() bool { return memoryOf(t, pid, "main.x") > before+20 })
}

// safeHere reports whether stops that cannot kill a program are to be had.
func safeHere() bool { return kstop.Probe() == nil }

// quiet reports whether attach had nothing to say, or only that it is not safe where it
// cannot be.
func quiet(stderr string) bool {
	if safeHere() {
		return stderr == ""
	}
	return strings.HasPrefix(stderr, "argus: do not kill argus by SIGKILL: ") && strings.Count(stderr, "\n") == 1
}

// TestSafeHere: whoever has all capabilities can attach without danger.
func TestSafeHere(t *testing.T) {
	if err := kstop.Probe(); err != nil && os.Geteuid() == 0 {
		t.Errorf("root, and %v", err)
	}
}

// TestDanger: attach says what would become of the process if argus were killed, and
// nothing where that is nothing, or what was asked for.
func TestDanger(t *testing.T) {
	target := running(t, scenariosPath, "forever")
	pid := target.Process.Pid
	attach := func(flags ...string) (result, string) {
		t.Helper()
		r := finish(attached(t, target, append(flags, "--json", "-q", "--stop-after", "3")...))
		if !free(pid) {
			t.Fatalf("%v: the process is not free: %s", flags, r.stderr)
		}
		if r.status != 0 {
			return r, ""
		}
		return r, summaryOf(t, events(t, splitLines(r.stdout)))[0]["driver"].(string)
	}
	warning := fmt.Sprintf("argus: do not kill argus by SIGKILL: process %d (scenarios) may die of its next hit then: ", pid)

	auto, driver := attach()
	if safeHere() {
		if auto.stderr != "" || driver != "perf-safe" {
			t.Errorf("auto: %s, %q", driver, auto.stderr)
		}
	} else if !strings.HasPrefix(auto.stderr, warning) || !strings.Contains(auto.stderr, "CAP_BPF") || strings.Count(auto.stderr, "\n") != 1 {
		t.Errorf("auto: %s, %q", driver, auto.stderr)
	}

	on, driver := attach("--safe", "on")
	switch {
	case safeHere():
		if on.stderr != "" || driver != "perf-safe" {
			t.Errorf("on: %s, %q", driver, on.stderr)
		}
	case on.status != statusFailed || !strings.HasPrefix(on.stderr, "argus: --safe on: ") || !strings.Contains(on.stderr, "CAP_BPF"):
		t.Errorf("on: status %d, %q", on.status, on.stderr)
	}

	if off, driver := attach("--safe", "off"); off.status != 0 || off.stderr != "" || driver != "perf" {
		t.Errorf("off: %s, %q", driver, off.stderr)
	}
	if r, driver := attach("--driver", "ptrace"); driver != "ptrace" || !strings.HasPrefix(r.stderr, warning+"the ptrace driver cannot prevent that") {
		t.Errorf("ptrace: %s, %q", driver, r.stderr)
	}
	if r, _ := attach("--driver", "ptrace", "--safe", "on"); r.status != statusFailed || !strings.HasPrefix(r.stderr, "argus: --safe on: ") {
		t.Errorf("ptrace, on: status %d, %q", r.status, r.stderr)
	}
}

// TestSurvives: argus dies by SIGKILL at any moment while it is hit all the time, and the
// process goes on, takes signals, and can be attached to again.
func TestSurvives(t *testing.T) {
	if !safeHere() {
		t.Skip("stops that cannot kill a program are not permitted to this user")
	}
	rounds := 20
	if testing.Short() {
		rounds = 5
	}
	for i := range rounds {
		flags := []string{"--safe", "on"}
		switch i % 3 {
		case 1: // behind page guards
			flags = []string{"-w", "main.quiet", "-w", "main.pair", "-w", "main.wide", "-w", "main.ready"}
		case 2: // in the midst of turns
			flags = append(flags, "--mode", "sampled", "--slice", "200us", "-w", "main.quiet", "-w", "main.pair", "-w", "main.wide", "-w", "main.ready")
		}
		name := fmt.Sprintf("%d %v", i, flags)
		target := running(t, scenariosPath, "forever")
		pid := target.Process.Pid
		p := attached(t, target, flags...).start()
		p.stdout.until(" main.forever ")
		for range rand.IntN(300) {
			p.stdout.next()
		}
		if err := p.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		p.stdout.rest()
		if status := p.wait(); status != statusOfSignal(unix.SIGKILL) {
			t.Fatalf("%s: argus ended with status %d: %s", name, status, &p.stderr)
		}
		eventually(t, name+": the process is free", func() bool { return free(pid) })
		progress(t, pid)

		r := finish(attached(t, target, "--json", "--stop-after", "2"))
		if hits := only(events(t, splitLines(r.stdout)), "hit"); r.status != 0 || len(hits) != 2 {
			t.Errorf("%s: attached again: status %d, %d hits, %s", name, r.status, len(hits), r.stderr)
		}
		progress(t, pid)
		// The runtime answers SIGQUIT with the stacks of all goroutines and status 2.
		if err := unix.Kill(pid, unix.SIGQUIT); err != nil {
			t.Fatal(err)
		}
		if status := target.wait(); status != 2 || !strings.Contains(target.stderr.String(), "main.forever(") {
			t.Errorf("%s: the process ended with status %d: %s", name, status, &target.stderr)
		}
	}
}

// TestDangerText: for each driver that is left without safe stops there is a reason.
func TestDangerText(t *testing.T) {
	for _, tc := range []struct {
		s      sharing
		driver string
		want   string
	}{
		{sharing{safe: "auto", driver: "auto"}, "perf-safe", ""},
		{sharing{safe: "off", driver: "auto"}, "perf", ""},
		{sharing{safe: "off", driver: "ptrace"}, "ptrace", ""},
		{sharing{safe: "auto", driver: "ptrace"}, "ptrace", "without --driver"},
	} {
		if got := tc.s.danger(tc.driver); (got == "") != (tc.want == "") || !strings.Contains(got, tc.want) {
			t.Errorf("%+v, %s: %q", tc.s, tc.driver, got)
		}
	}
	for err, want := range map[error]string{
		&kstop.PermissionError{Err: unix.EPERM}:    "needs root, or CAP_BPF",
		&kstop.UnsupportedError{Reason: "too old"}: "cannot be had here: too old",
		&perf.PermissionError{Level: 3, Needed: 2}: "kernel.perf_event_paranoid is 3",
	} {
		if got := dangerText(err); !strings.Contains(got, want) || strings.Contains(got, "\n") {
			t.Errorf("%v: %q", err, got)
		}
	}
	if got := (&sharing{safe: "auto", driver: "auto"}).danger("perf"); got == "" || strings.Contains(got, "\n") {
		t.Errorf("got %s", strconv.Quote(got))
	}
}
