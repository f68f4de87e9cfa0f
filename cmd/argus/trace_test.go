package main

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/kstop"
	"github.com/argusdbg/argus/internal/perf"
)

// needEvents skips a test where the kernel permits no perf events.
func needEvents(t *testing.T) {
	t.Helper()
	if err := perf.Probe().Breakpoint; err != nil {
		t.Skip(err)
	}
}

// lostOf is the sum of what the traces of a summary have lost.
func lostOf(t *testing.T, all []map[string]any) (records, lost float64) {
	t.Helper()
	if len(all) == 0 || all[len(all)-1]["event"] != "trace_summary" {
		t.Fatalf("the last event is not the summary: %v", all)
	}
	for _, tr := range all[len(all)-1]["traces"].([]any) {
		records += tr.(map[string]any)["records"].(float64)
		lost += tr.(map[string]any)["lost"].(float64)
	}
	return records, lost
}

// TestTraceCommand: a line for each write, how it ended, and the summary; the program's
// output, and its status.
func TestTraceCommand(t *testing.T) {
	needEvents(t)
	r := runArgus(t, "trace", "-w", "main.x", "--stack=3", "--color", "always", optimizedPath, "--", "twice", "3")
	plain := regexp.MustCompile("\x1b\\[[0-9]*m").ReplaceAllString(r.stdout, "")
	lines := splitLines(plain)
	row := regexp.MustCompile(`^ +\d+\.\d{6}  main\.x +-?\d+ -> -?\d+ +(1 runtime\.main|\?) +\d+  main\.twice +\S*main\.go:\d+$`)
	rows, frames := 0, 0
	for _, line := range lines {
		if row.MatchString(line) {
			rows++
		}
		if strings.Contains(line, "  main.main  ") {
			frames++
		}
	}
	total := regexp.MustCompile(`^main\.x +(\d+) +(\d+)  (bpf|samples)$`).FindStringSubmatch(lines[len(lines)-1])
	if r.status != 0 || total == nil || total[1] != strconv.Itoa(rows) || frames != rows || plain == r.stdout ||
		lines[len(lines)-3] != "optimized exited with status 0" {
		t.Fatalf("status %d, %d rows, %d frames\n%s%s", r.status, rows, frames, plain, r.stderr)
	}
	if lost, _ := strconv.Atoi(total[2]); rows+lost != 6 {
		t.Errorf("%d rows, %d lost", rows, lost)
	}
}

// TestTraceJSON: events in order, of several traces by time, to a file of their own.
func TestTraceJSON(t *testing.T) {
	needEvents(t)
	for _, driver := range []string{"auto", "samples"} {
		t.Run(driver, func(t *testing.T) {
			file := t.TempDir() + "/out"
			r := runArgus(t, "trace", "-w", "main.pair.A", "-w", "main.pair.B", "--json", "-o", file, "--driver", driver, optimizedPath, "--", "fields", "50")
			out, err := os.ReadFile(file)
			if err != nil || r.status != 0 || r.stdout != "" {
				t.Fatalf("status %d, %v, %s%s", r.status, err, r.stdout, r.stderr)
			}
			all := events(t, splitLines(string(out)))
			writes := only(all, "write")
			records, lost := lostOf(t, all)
			if int(records) != len(writes) || records+lost != 100 || len(only(all, "exit")) != 1 {
				t.Fatalf("%d writes, %v records, %v lost", len(writes), records, lost)
			}
			last := 0.0
			for i, w := range writes {
				at := w["time_ns"].(float64)
				if at < last || w["function"] != "main.fields" || w["new"] == nil {
					t.Fatalf("write %d: %v", i, w)
				}
				last = at
				if name := []string{"main.pair.A", "main.pair.B"}[i%2]; lost == 0 && (w["trace"] != name || w["new"] != strconv.Itoa(i/2)) {
					t.Fatalf("write %d: %v", i, w)
				}
			}
		})
	}
}

// TestTraceProcess: a process that runs is traced, and let go by a signal or after some
// records.
func TestTraceProcess(t *testing.T) {
	needEvents(t)
	target := running(t, scenariosPath, "forever")
	pid := strconv.Itoa(target.Process.Pid)
	p := command(t, "trace", "-w", "main.x", pid).start()
	p.stdout.until(" main.forever ")
	if err := p.Process.Signal(unix.SIGINT); err != nil {
		t.Fatal(err)
	}
	rest := p.stdout.rest()
	if status, n := p.wait(), len(rest); status != 0 || n < 3 || rest[n-3] != "detached from process "+pid+" (scenarios); it runs on" {
		t.Errorf("status %d, %q", status, rest[max(0, len(rest)-4):])
	}
	if !free(target.Process.Pid) {
		t.Error("the process is not free")
	}
	p.left()
	r := runArgus(t, "trace", "-w", "main.x", "--stop-after", "7", "--json", pid)
	all := events(t, splitLines(r.stdout))
	if detach := only(all, "detach"); r.status != 0 || len(only(all, "write")) != 7 || len(detach) != 1 || detach[0]["reason"] != "stop-after" {
		t.Errorf("status %d, %s%s", r.status, r.stdout, r.stderr)
	}
	r = runArgus(t, "trace", "-w", "main.x", "--stop-after", "1", "--quiet", pid)
	if !strings.HasPrefix(r.stdout, fmt.Sprintf("detached from process %s (scenarios) after 1 record (--stop-after); it runs on\nTRACE ", pid)) {
		t.Errorf("status %d, %s%s", r.status, r.stdout, r.stderr)
	}
	if !free(target.Process.Pid) {
		t.Error("the process is not free")
	}
}

// TestTraceStatus: the status is the program's, or says what was wrong.
func TestTraceStatus(t *testing.T) {
	needEvents(t)
	for _, c := range []struct {
		args   []string
		status int
		stderr string
	}{
		{[]string{"-w", "main.x", optimizedPath, "--", "exit", "7"}, 7, ""},
		{[]string{"-w", "main.x", optimizedPath, "--", "kill"}, 137, ""},
		{[]string{optimizedPath}, statusFailed, "nothing to watch"},
		{[]string{"-w", "main.x"}, statusFailed, "trace: name a Go package or a binary"},
		{[]string{"-w", "main.big", optimizedPath}, statusFailed, "needs 9 debug registers and there are 4: trace a part of it"},
		{[]string{"-w", "main.array", "-w", "main.pair", "-w", "main.x", optimizedPath}, statusFailed, "the others are for the trace of main.array, the trace of main.pair"},
		{[]string{"-w", "main.x", "--driver", "ptrace", optimizedPath}, statusFailed, "auto, bpf and samples"},
		{[]string{"-w", "main.x", "--if", "i < 3", optimizedPath}, statusFailed, "i is no variable here"},
		{[]string{"-w", "main.x", "--if", "new <", optimizedPath}, statusFailed, "is not a Go expression"},
		{[]string{"-w", "main.x", "--if", "new < 0", "--driver", "samples", optimizedPath}, statusFailed, "only BPF programs have conditions"},
		{[]string{"-w", "main.x", "/no/such/program"}, statusNotFound, ""},
		{[]string{"-w", "main.x", strconv.Itoa(os.Getpid()), "--", "more"}, statusFailed, "has its arguments"},
	} {
		r := runArgus(t, append([]string{"trace"}, c.args...)...)
		if r.status != c.status || !strings.Contains(r.stderr, c.stderr) {
			t.Errorf("%v: status %d, want %d: %s", c.args, r.status, c.status, r.stderr)
		}
	}
}

// TestTraceIf: the condition decides, and what it leaves out is counted.
func TestTraceIf(t *testing.T) {
	if err := kstop.Probe(); err != nil { // which needs as much
		t.Skip(err)
	}
	r := runArgus(t, "trace", "-w", "main.x", "--if", "new < -7", optimizedPath, "--", "twice", "10")
	lines := splitLines(r.stdout)
	if len(lines) != 7 || !strings.Contains(lines[1], " 8 -> -8 ") || !regexp.MustCompile(`^main\.x +2 +18 +0  bpf$`).MatchString(lines[6]) {
		t.Errorf("status %d, %s%s", r.status, r.stdout, r.stderr)
	}
}

// TestTraceReader: when nobody reads any more the program is ended, as watch does.
func TestTraceReader(t *testing.T) {
	needEvents(t)
	p := command(t, "trace", "-w", "main.x", scenariosPath, "--", "forever").start()
	p.stdout.until(" main.forever ")
	p.stdout.file.Close()
	if status := p.wait(); status != statusOfSignal(unix.SIGPIPE) {
		t.Errorf("status %d: %s", status, &p.stderr)
	}
	p.left()
}

// TestTraceTerminal: the rate is shown while it goes on.
func TestTraceTerminal(t *testing.T) {
	needEvents(t)
	target := running(t, scenariosPath, "forever")
	p, _ := onTerminal(t, nil, "trace", "-q", "-w", "main.x", strconv.Itoa(target.Process.Pid))
	p.stdout.sep = '\r'
	p.stdout.until(" a second, 0 lost, ")
	if err := p.Process.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.stdout.rest()
	if status := p.wait(); status != 0 {
		t.Errorf("status %d", status)
	}
}
