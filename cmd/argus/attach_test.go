package main

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// attached is argus at a process that writes for ever.
func attached(t *testing.T, target *proc, flags ...string) *proc {
	t.Helper()
	args := append(append([]string{"attach", "-w", "main.x"}, flags...), strconv.Itoa(target.Process.Pid))
	return command(t, args...)
}

// TestAttachDetach: signals let the process go, with the summary and status 0.
func TestAttachDetach(t *testing.T) {
	target := running(t, scenariosPath, "forever")
	pid := target.Process.Pid
	for _, sig := range []unix.Signal{unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT} {
		t.Run(unix.SignalName(sig), func(t *testing.T) {
			p := attached(t, target).start()
			p.stdout.until(" -> ")
			p.stdout.until(" main.forever ")
			if err := p.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			rest := p.stdout.rest()
			if status := p.wait(); status != 0 || !quiet(p.stderr.String()) {
				t.Errorf("status %d, stderr %q", status, &p.stderr)
			}
			if n := len(rest); n < 3 || rest[n-3] != fmt.Sprintf("detached from process %d (scenarios); it runs on", pid) ||
				!strings.HasPrefix(rest[n-2], "WATCHPOINT ") || !strings.HasPrefix(rest[n-1], "main.x ") || !strings.Contains(rest[n-1], "exact") {
				t.Errorf("the end was %q", rest[max(0, n-4):])
			}
			if !free(pid) {
				t.Error("the process is not free")
			}
			p.left()
		})
	}
}

func TestAttachStopAfter(t *testing.T) {
	target := running(t, scenariosPath, "forever")
	r := finish(attached(t, target, "--json", "--stop-after", "5"))
	all := events(t, splitLines(r.stdout))
	if r.status != 0 || len(only(all, "hit")) != 5 || len(all) != 7 {
		t.Fatalf("status %d, events %v, %s", r.status, all, r.stderr)
	}
	if d := all[5]; d["event"] != "detach" || d["pid"] != float64(target.Process.Pid) || d["reason"] != "stop-after" {
		t.Errorf("got %v", d)
	}
	if !free(target.Process.Pid) {
		t.Error("the process is not free")
	}
	r = finish(attached(t, target, "--quiet", "--stop-after", "1"))
	if !strings.HasPrefix(r.stdout, fmt.Sprintf("detached from process %d (scenarios) after 1 hit (--stop-after); it runs on\n", target.Process.Pid)) {
		t.Errorf("got %s", r.stdout)
	}
}

// TestAttachEnd: the process ends by itself while it is watched.
func TestAttachEnd(t *testing.T) {
	target := running(t, targetPath, "steps")
	p := command(t, "attach", "-w", "main.count", strconv.Itoa(target.Process.Pid)).start()
	tell := func(what string) {
		t.Helper()
		if _, err := target.in.Write([]byte(what)); err != nil {
			t.Fatal(err)
		}
	}
	// A step before the watchpoint is set is not seen.
	p.stdout.untilAfter(" -> ", func() { tell(".") })
	target.in.Close()
	rest := p.stdout.rest()
	if status := p.wait(); status != 0 || len(rest) < 3 || !strings.HasSuffix(rest[len(rest)-3], "(target) exited with status 0") {
		t.Errorf("status %d, %q, %s", status, rest, &p.stderr)
	}
	if status := target.wait(); status != 0 {
		t.Errorf("the target's status is %d", status)
	}
}

// TestStalledReader: a reader who does not read slows the process down, but cannot keep
// it from being let go, and loses nothing.
func TestStalledReader(t *testing.T) {
	target := running(t, scenariosPath, "forever")
	pid := target.Process.Pid
	p := attached(t, target, "--json").start()
	// Until the pipe is full the process runs; then it is held in a hit.
	eventually(t, "the pipe is full", func() bool {
		n, err := unix.IoctlGetInt(int(p.stdout.file.Fd()), unix.TIOCINQ)
		return err == nil && n > 50<<10 // 64 KiB fit, but pages are not filled
	})
	if err := p.Process.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the process is free", func() bool { return free(pid) })
	all := events(t, p.stdout.rest())
	if status := p.wait(); status != 0 {
		t.Errorf("status %d, %s", status, &p.stderr)
	}
	hits := only(all, "hit")
	for i, h := range hits {
		if h["number"] != float64(i+1) {
			t.Fatalf("hit %d has number %v", i+1, h["number"])
		}
	}
	if w := summaryOf(t, all)[0]; w["reported"] != float64(len(hits)) {
		t.Errorf("%d lines of hits, and %v", len(hits), w)
	}
}

// TestAttachClosedOutput: when nobody reads any more the process is let go.
func TestAttachClosedOutput(t *testing.T) {
	for _, tc := range []struct{ name, program, arg, watch string }{
		{"written", scenariosPath, "forever", "main.x"},
		{"idle", targetPath, "never", "main.count"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			target := running(t, tc.program, tc.arg)
			p := command(t, "attach", "-w", tc.watch, strconv.Itoa(target.Process.Pid)).start()
			eventually(t, "attached", func() bool { return !free(target.Process.Pid) })
			p.stdout.file.Close()
			if status := p.wait(); status != statusOfSignal(unix.SIGPIPE) || !quiet(p.stderr.String()) {
				t.Errorf("status %d, stderr %q", status, &p.stderr)
			}
			if !free(target.Process.Pid) {
				t.Error("the process is not free")
			}
		})
	}
}
