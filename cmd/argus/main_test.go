package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// deadline ends what hangs. Nothing takes a tenth of it on a machine that is not busy.
const deadline = 50 * time.Second

// What TestMain builds.
var (
	argusPath     string
	scenariosPath string // without optimisations
	optimizedPath string // the same, with
	strippedPath  string // the same, without debug information
	targetPath    string // testdata/target
	crowdPath     string // more to watch than there are debug registers
	workersPath   string // goroutines and calls with variables of their own
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "argus-cmd-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	status := 1
	if err := buildAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
	} else {
		status = m.Run()
	}
	os.RemoveAll(dir)
	os.Exit(status)
}

func buildAll(dir string) error {
	if err := os.Chmod(dir, 0o755); err != nil { // some tests run as another user
		return err
	}
	const scenarios = "../../internal/testkit/targets/scenarios"
	const unpacked = "-ldflags=-compressdwarf=false" // see testkit.Target
	for _, b := range []struct {
		path  *string
		name  string
		pkg   string
		flags []string
	}{
		{&argusPath, "argus", ".", nil},
		{&scenariosPath, "scenarios", scenarios, []string{"-gcflags=all=-N -l", unpacked}},
		{&optimizedPath, "optimized", scenarios, []string{unpacked}},
		{&strippedPath, "stripped", scenarios, []string{"-ldflags=-s -w"}},
		{&workersPath, "workers", "../../internal/testkit/targets/workers", []string{"-gcflags=all=-N -l", unpacked}},
		{&crowdPath, "crowd", "../../internal/testkit/targets/crowd", []string{unpacked}},
		{&targetPath, "target", "./testdata/target", []string{"-gcflags=all=-N -l"}},
	} {
		*b.path = filepath.Join(dir, b.name)
		args := append([]string{"build", "-buildvcs=false", "-o", *b.path}, b.flags...)
		if b.path == &argusPath && raceFlag != "" {
			args = append(args, raceFlag)
		}
		if out, err := exec.Command("go", append(args, b.pkg)...).CombinedOutput(); err != nil {
			return fmt.Errorf("build %s: %w\n%s", b.pkg, err, out)
		}
	}
	return nil
}

// proc is a command that runs for a test, in a session of its own: without a terminal.
type proc struct {
	*exec.Cmd
	t      *testing.T
	stdout *lineReader
	in     io.WriteCloser
	stderr bytes.Buffer
	tmp    string // its TMPDIR
	mark   string // in the environment of it and all its children
}

// command prepares argus.
func command(t *testing.T, args ...string) *proc {
	t.Helper()
	return prepare(t, argusPath, args...)
}

func prepare(t *testing.T, path string, args ...string) *proc {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	p := &proc{Cmd: exec.CommandContext(ctx, path, args...), t: t, tmp: t.TempDir()}
	p.mark = "ARGUS_TEST_MARK=" + filepath.Base(p.tmp) + strings.ReplaceAll(t.Name(), "/", "_") + fmt.Sprint(time.Now().UnixNano())
	// GOTMPDIR is not ours to inherit; the race detector sleeps at exit if not told.
	p.Env = append(os.Environ(), "TMPDIR="+p.tmp, "GOTMPDIR=", "NO_COLOR=", "GORACE=atexit_sleep_ms=0", p.mark)
	p.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	p.Stderr = &p.stderr
	p.Cancel = func() error { return unix.Kill(-p.Process.Pid, unix.SIGKILL) }
	p.WaitDelay = 5 * time.Second
	t.Cleanup(func() {
		cancel()
		if p.Process != nil && p.ProcessState == nil {
			_ = unix.Kill(-p.Process.Pid, unix.SIGKILL)
			_ = p.Wait()
		}
	})
	return p
}

// start starts it with pipes for stdin and stdout.
func (p *proc) start() *proc {
	p.t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		p.t.Fatal(err)
	}
	p.Stdout = w
	p.stdout = newLineReader(p.t, r)
	if p.in, err = p.StdinPipe(); err != nil {
		p.t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		p.t.Fatal(err)
	}
	w.Close()
	return p
}

// wait waits for the end and returns the status, 128 plus the signal for a death by one.
func (p *proc) wait() int {
	p.t.Helper()
	err := p.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		p.t.Fatalf("%v: %v\n%s", p.Args, err, &p.stderr)
	}
	if ws := p.ProcessState.Sys().(syscall.WaitStatus); ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return p.ProcessState.ExitCode()
}

// left fails the test if a process or a temporary file was left behind.
func (p *proc) left() {
	p.t.Helper()
	if pids := marked(p.t, p.mark); len(pids) > 0 {
		p.t.Errorf("%v left processes: %v", p.Args[1:], pids)
	}
	if files, err := os.ReadDir(p.tmp); err != nil || len(files) > 0 {
		p.t.Errorf("%v left in its TMPDIR: %v %v", p.Args[1:], files, err)
	}
}

// result is what a finished command did.
type result struct {
	stdout, stderr string
	status         int
}

// runArgus runs argus to its end and looks for what it left.
func runArgus(t *testing.T, args ...string) result {
	t.Helper()
	return finish(command(t, args...))
}

func finish(p *proc) result {
	p.t.Helper()
	var stdout bytes.Buffer
	p.Stdout = &stdout
	if err := p.Start(); err != nil {
		p.t.Fatal(err)
	}
	status := p.wait()
	p.left()
	return result{stdout.String(), p.stderr.String(), status}
}

// marked lists the processes with mark in their environment, zombies left out.
func marked(t *testing.T, mark string) []string {
	t.Helper()
	dirs, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, f := range dirs {
		if env, err := os.ReadFile(f); err == nil && bytes.Contains(env, []byte(mark)) {
			found = append(found, f)
		}
	}
	return found
}

// events decodes lines of JSON.
func events(t *testing.T, lines []string) []map[string]any {
	t.Helper()
	var all []map[string]any
	for _, line := range lines {
		ev := map[string]any{}
		if err := json.Unmarshal([]byte(line), &ev); err != nil {
			t.Fatalf("not JSON: %q: %v", line, err)
		}
		all = append(all, ev)
	}
	return all
}

func splitLines(s string) []string {
	if s = strings.TrimSuffix(s, "\n"); s == "" {
		return nil
	}
	return strings.Split(s, "\n")
}

// summaryOf returns the watches of the last event, which must be the summary.
func summaryOf(t *testing.T, all []map[string]any) []map[string]any {
	t.Helper()
	if len(all) == 0 || all[len(all)-1]["event"] != "summary" {
		t.Fatalf("the last event is not the summary: %v", all)
	}
	var watches []map[string]any
	for _, w := range all[len(all)-1]["watches"].([]any) {
		watches = append(watches, w.(map[string]any))
	}
	return watches
}

func only(all []map[string]any, event string) []map[string]any {
	var some []map[string]any
	for _, ev := range all {
		if ev["event"] == event {
			some = append(some, ev)
		}
	}
	return some
}

// eventually waits until cond is true.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	end := time.After(deadline)
	for !cond() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("did not happen: %s", what)
		}
	}
}

// free reports whether a process is traced by nobody and not stopped.
func free(pid int) bool {
	st, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil || !strings.Contains(string(st), "\nTracerPid:\t0\n") {
		return false
	}
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	if err != nil || len(tasks) == 0 {
		return false
	}
	for _, f := range tasks {
		st, err := os.ReadFile(f)
		if err == nil && (strings.Contains(string(st), "\nState:\tT") || strings.Contains(string(st), "\nState:\tt")) {
			return false
		}
	}
	return true
}

// running starts a program that prints "ready" and goes on, and waits for that.
func running(t *testing.T, path string, args ...string) *proc {
	t.Helper()
	p := prepare(t, path, args...).start()
	p.stdout.until("ready")
	return p
}
