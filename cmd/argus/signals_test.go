package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestSignalsArePassedOn: without a terminal SIGINT cannot have reached the target
// before.
func TestSignalsArePassedOn(t *testing.T) {
	for sig, word := range map[unix.Signal]string{unix.SIGINT: "interrupt", unix.SIGTERM: "terminated", unix.SIGHUP: "hangup"} {
		t.Run(unix.SignalName(sig), func(t *testing.T) {
			p := command(t, "watch", "-w", "main.count", targetPath, "--", "stubborn").start()
			p.stdout.until("ready")
			if err := p.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			p.stdout.until("got " + word)
			if err := p.Process.Signal(sig); err != nil { // the second kills
				t.Fatal(err)
			}
			rest := p.stdout.rest()
			if status := p.wait(); status != 137 || !slices.Contains(rest, "target killed by argus, at the second signal") {
				t.Errorf("status %d, %q", status, rest)
			}
			p.left()
		})
	}
}

func TestTargetEndsBySignal(t *testing.T) {
	p := command(t, "watch", "-w", "main.x", scenariosPath, "--", "forever").start()
	p.stdout.until(" -> ")
	if err := p.Process.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	rest := p.stdout.rest()
	if status := p.wait(); status != 143 || !slices.Contains(rest, "scenarios killed by SIGTERM") ||
		!slices.ContainsFunc(rest, func(l string) bool { return strings.HasPrefix(l, "main.x ") }) {
		t.Errorf("status %d, %q", status, rest[max(0, len(rest)-4):])
	}
	p.left()
}

// TestKilled: a launched program ends with Argus.
func TestKilled(t *testing.T) {
	p := command(t, "watch", "-w", "main.x", scenariosPath, "--", "forever").start()
	p.stdout.until(" -> ")
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	p.wait()
	eventually(t, "nothing is left", func() bool { return len(marked(t, p.mark)) == 0 })
}

// TestClosedOutput: when nobody reads any more the program is ended.
func TestClosedOutput(t *testing.T) {
	for _, args := range [][]string{
		{"-w", "main.x", scenariosPath, "--", "forever"},
		{"-w", "main.count", targetPath, "--", "never"},
	} {
		p := command(t, append([]string{"watch"}, args...)...).start()
		p.stdout.until("ready")
		p.stdout.file.Close()
		if status := p.wait(); status != statusOfSignal(unix.SIGPIPE) || p.stderr.String() != "" {
			t.Errorf("status %d, stderr %q", status, &p.stderr)
		}
		p.left()
	}
}

// TestInterruptedBuild: a signal ends the build and what it has started.
func TestInterruptedBuild(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\necho building >" + fifo + "\nexec sleep 1000\n"
	if err := os.WriteFile(filepath.Join(dir, "go"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	p := command(t, "watch", "-w", "main.x", "./testdata/target")
	p.Env = append(p.Env, "PATH="+dir+":"+os.Getenv("PATH"))
	p.start()
	f, err := os.Open(fifo) // returns when the script has opened it
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := p.Process.Signal(unix.SIGINT); err != nil {
		t.Fatal(err)
	}
	if status := p.wait(); status != 130 || p.stderr.String() != "argus: interrupted by SIGINT\n" {
		t.Errorf("status %d, stderr %q", status, &p.stderr)
	}
	p.left()
}

// TestFullDisk: an output that fails for another reason is an error, and ends the job.
func TestFullDisk(t *testing.T) {
	r := runArgus(t, "watch", "-w", "main.x", "-o", "/dev/full", scenariosPath, "--", "forever")
	if r.status != statusFailed || r.stderr != "argus: write the output: write /dev/full: no space left on device\n" {
		t.Errorf("status %d, stderr %q", r.status, r.stderr)
	}
}
