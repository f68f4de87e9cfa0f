package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/perf"
)

func TestWatchBank(t *testing.T) {
	r := runArgus(t, "watch", "-w", "main.balance", "../../examples/bank")
	if r.status != 0 || r.stderr != "" {
		t.Fatalf("status %d, stderr %q", r.status, r.stderr)
	}
	hit := regexp.MustCompile(`^ +\d+\.\d{6}  main\.balance  (-?\d+) -> (-?\d+) +\d+ main\.(teller|collector) +\d+  main\.(deposit|withdraw) +\.\./\.\./examples/bank/main\.go:\d+$`)
	hits, last := 0, "1000"
	lines := splitLines(r.stdout)
	for _, line := range lines {
		m := hit.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		hits++
		if m[1] != last {
			t.Errorf("the value was %s, and then: %s", last, line)
		}
		if last = m[2]; len(line) > 120 {
			t.Errorf("%d columns: %s", len(line), line)
		}
	}
	for _, want := range []string{"WRITTEN BY", "balance: " + last, "overdrawn!", "\n\nbank exited with status 0\nWATCHPOINT "} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("no %q in:\n%s", want, r.stdout)
		}
	}
	if want := fmt.Sprintf("main.balance   %d  exact        0", hits); lines[len(lines)-1] != want || hits < 100 {
		t.Errorf("summary %q, want %q", lines[len(lines)-1], want)
	}
}

func TestWatchJSON(t *testing.T) {
	for _, program := range []string{scenariosPath, optimizedPath} {
		t.Run(filepath.Base(program), func(t *testing.T) {
			r := runArgus(t, "watch", "-w", "main.x", "--json", program, "--", "twice", "1000")
			all := events(t, splitLines(r.stdout))
			hits := only(all, "hit")
			if len(hits) != 2000 || len(all) != 2002 || r.status != 0 {
				t.Fatalf("%d hits of %d events, status %d, stderr %s", len(hits), len(all), r.status, r.stderr)
			}
			for i, h := range hits {
				value := i / 2
				if i%2 == 1 {
					value = -value
				}
				if h["new"] != fmt.Sprint(value) || h["function"] != "main.twice" || h["access"] != "write" || h["number"] != float64(i+1) {
					t.Fatalf("hit %d: %v", i, h)
				}
			}
			if exit := all[2000]; exit["event"] != "exit" || exit["status"] != 0.0 || len(exit) != 2 {
				t.Errorf("exit: %v", exit)
			}
			w := summaryOf(t, all)[0]
			if w["hits"] != 2000.0 || w["lost"] != 0.0 || w["coverage"] != "exact" || w["mode"] != "exact" || w["watch"] != "main.x" || w["type"] != "int64" {
				t.Errorf("summary: %v", w)
			}
		})
	}
}

func TestWatchSeveral(t *testing.T) {
	r := runArgus(t, "watch", "-rw", "main.pair.B", "-w", "main.pair.A", "--json", scenariosPath, "--", "fields", "100")
	w := summaryOf(t, events(t, splitLines(r.stdout)))
	if len(w) != 2 || w[0]["watch"] != "main.pair.B" || w[0]["access"] != "read-write" || w[1]["watch"] != "main.pair.A" ||
		w[0]["hits"] != 100.0 || w[1]["hits"] != 100.0 {
		t.Errorf("summary: %v", w)
	}
}

func TestReadsAreTold(t *testing.T) {
	r := runArgus(t, "watch", "-rw", "main.x", scenariosPath, "--", "twice", "1")
	if !strings.Contains(r.stdout, "ACCESS") || !strings.Contains(r.stdout, "write 0 -> 0") {
		t.Errorf("got\n%s", r.stdout)
	}
	r = runArgus(t, "watch", "-rw", "main.numbers[1]", "-rw", "main.x", scenariosPath, "--", "gc", "1")
	if !regexp.MustCompile(`main\.x +read +1 .* main\.garbage `).MatchString(r.stdout) {
		t.Errorf("no read by main.garbage, which prints x:\n%s", r.stdout)
	}
}

// TestStatus: the target's exit status is Argus's, and is told in words.
func TestStatus(t *testing.T) {
	for _, tc := range []struct {
		args   []string
		status int
		words  string
	}{
		{[]string{"exit", "0"}, 0, "exited with status 0"},
		{[]string{"exit", "7"}, 7, "exited with status 7"},
		{[]string{"exitinside", "5"}, 5, "exited with status 5"},
		{[]string{"leader", "3"}, 7, "exited with status 7"},
		{[]string{"panic"}, 2, "exited with status 2"},
		{[]string{"kill"}, 137, "killed by SIGKILL"},
		{[]string{"exec", "4"}, 3, "replaced itself by " + scenariosPath + ", which is not watched\nscenarios exited with status 3"},
		{nil, 64, "exited with status 64"},
	} {
		t.Run(strings.Join(tc.args, " "), func(t *testing.T) {
			r := runArgus(t, append([]string{"watch", "-w", "main.x", scenariosPath, "--"}, tc.args...)...)
			if r.status != tc.status || !strings.Contains(r.stdout, "scenarios "+tc.words+"\nWATCHPOINT") {
				t.Errorf("status %d, stdout:\n%s\nstderr:\n%s", r.status, r.stdout, r.stderr)
			}
		})
	}
}

func TestExecJSON(t *testing.T) {
	r := runArgus(t, "watch", "-w", "main.x", "--json", scenariosPath, "--", "exec", "4")
	all := events(t, splitLines(r.stdout))
	if len(all) != 7 || all[4]["event"] != "exec" || all[4]["path"] != scenariosPath || all[5]["event"] != "exit" || all[5]["status"] != 3.0 {
		t.Errorf("events: %v", all)
	}
	if w := summaryOf(t, all)[0]; w["hits"] != 4.0 {
		t.Errorf("summary: %v", w)
	}
}

// TestTargetsFiles: standard input, output and error are the target's own.
func TestTargetsFiles(t *testing.T) {
	out := filepath.Join(t.TempDir(), "hits")
	p := command(t, "watch", "-w", "main.x", "-o", out, scenariosPath, "--", "echo")
	p.Stdin = strings.NewReader("hello")
	r := finish(p)
	if r.stdout != "hello" || r.stderr != "hello" || r.status != 5 {
		t.Errorf("stdout %q, stderr %q, status %d", r.stdout, r.stderr, r.status)
	}
	text, err := os.ReadFile(out)
	if err != nil || !strings.Contains(string(text), "0 -> 5") || !strings.Contains(string(text), "status 5\nWATCHPOINT") {
		t.Errorf("the file has %q, %v", text, err)
	}
}

func TestArgumentsAreUntouched(t *testing.T) {
	want := []string{"-w", "a,b", "", "--", "-h", "--json", " x ", "-5", "help"}
	r := runArgus(t, append([]string{"watch", "-q", "-w", "main.count", targetPath, "--", "args"}, want...)...)
	if !strings.Contains(r.stdout, fmt.Sprintf("%q\n", want)) || r.status != 0 {
		t.Errorf("want %q, got %s%s", want, r.stdout, r.stderr)
	}
	// Flags may stand behind the program, and -- before it.
	r = runArgus(t, "watch", targetPath, "-q", "-w=main.count", "--", "args", "-q")
	if !strings.Contains(r.stdout, "[\"-q\"]\n") {
		t.Errorf("got %s%s", r.stdout, r.stderr)
	}
	r = runArgus(t, "watch", "-q", "-w", "main.count", "--", targetPath, "args", "x")
	if !strings.Contains(r.stdout, "[\"x\"]\n") {
		t.Errorf("got %s%s", r.stdout, r.stderr)
	}
}

func TestDir(t *testing.T) {
	dir := t.TempDir()
	r := runArgus(t, "watch", "-q", "-w", "main.count", "--dir", dir, targetPath, "--", "env", "x")
	if !strings.Contains(r.stdout, dir+" x\n") {
		t.Errorf("got %s%s", r.stdout, r.stderr)
	}
}

func TestIfAndCount(t *testing.T) {
	// Commas are part of the expressions.
	r := runArgus(t, "watch", "-w", "main.x", "--if", "main.x >= max(3, 90)", "--count", "4", "--json", scenariosPath, "--", "twice", "100")
	all := events(t, splitLines(r.stdout))
	hits := only(all, "hit")
	if len(hits) != 2 || hits[0]["new"] != "93" || hits[1]["new"] != "97" {
		t.Fatalf("hits: %v\n%s", hits, r.stderr)
	}
	if w := summaryOf(t, all)[0]; w["hits"] != 200.0 || w["reported"] != 2.0 {
		t.Errorf("summary: %v", w)
	}
	r = runArgus(t, "watch", "-w", "main.x", "--count", "50", scenariosPath, "--", "twice", "100")
	if !strings.Contains(r.stdout, "HITS  REPORTED") || !strings.Contains(r.stdout, "main.x       200         4  exact") {
		t.Errorf("got\n%s", r.stdout)
	}
}

func TestConditionThatFails(t *testing.T) {
	r := runArgus(t, "watch", "-w", "main.x", "--if", "nosuch > 1", scenariosPath, "--", "twice", "1")
	if strings.Count(r.stdout, `(condition "nosuch > 1": `) != 2 || r.status != 0 {
		t.Errorf("got\n%s", r.stdout)
	}
	r = runArgus(t, "watch", "-w", "main.x", "--json", "--if", "nosuch > 1", scenariosPath, "--", "twice", "1")
	if h := events(t, splitLines(r.stdout)); !strings.Contains(fmt.Sprint(h[0]["cond_error"]), "nosuch") {
		t.Errorf("got %v", h[0])
	}
}

func TestStack(t *testing.T) {
	r := runArgus(t, "watch", "-w", "main.x", "--stack", scenariosPath, "--", "negative", "1")
	if !regexp.MustCompile(`(?m)^ +main\.spoil  .*main\.go:\d+\n +main\.negative\.func1  .*main\.go:\d+\n +(sync\.|runtime\.)`).MatchString(r.stdout) {
		t.Errorf("got\n%s", r.stdout)
	}
	r = runArgus(t, "watch", "-w", "main.x", "--stack=2", "--json", scenariosPath, "--", "twice", "1")
	stack := events(t, splitLines(r.stdout))[0]["stack"].([]any)
	if len(stack) != 2 || stack[1].(map[string]any)["function"] != "main.main" || stack[0].(map[string]any)["line"] == 0.0 {
		t.Errorf("stack: %v", stack)
	}
}

func TestStopAfter(t *testing.T) {
	r := runArgus(t, "watch", "-w", "main.x", "--stop-after", "3", scenariosPath, "--", "forever")
	if r.status != 0 || strings.Count(r.stdout, " -> ")-1 != 3 ||
		!strings.Contains(r.stdout, "scenarios ended by argus after 3 hits (--stop-after)\n") || !strings.Contains(r.stdout, "main.x         3  exact") {
		t.Errorf("status %d, stdout\n%s", r.status, r.stdout)
	}
	// Of the hits that are reported.
	r = runArgus(t, "watch", "-w", "main.x", "--count", "5", "--stop-after", "2", "--json", scenariosPath, "--", "forever")
	all := events(t, splitLines(strings.ReplaceAll(r.stdout, "ready\n", "")))
	if len(only(all, "hit")) != 2 || summaryOf(t, all)[0]["hits"] != 10.0 || only(all, "exit")[0]["reason"] != "stop-after" {
		t.Errorf("events: %v", all)
	}
}

// TestStopAfterOfMany: no hit more is reported when several threads write at once.
func TestStopAfterOfMany(t *testing.T) {
	r := runArgus(t, "watch", "-w", "main.counter", "--stop-after", "50", "--json", scenariosPath, "--", "atomics", "10000")
	if hits := only(events(t, splitLines(r.stdout)), "hit"); len(hits) != 50 || r.status != 0 {
		t.Errorf("%d hits, status %d, %s", len(hits), r.status, r.stderr)
	}
}

func TestQuiet(t *testing.T) {
	r := runArgus(t, "watch", "-w", "main.x", "--quiet", scenariosPath, "--", "twice", "10")
	if want := "scenarios exited with status 0\nWATCHPOINT  HITS  COVERAGE  LOST\nmain.x        20  exact        0\n"; r.stdout != want {
		t.Errorf("got %q", r.stdout)
	}
	r = runArgus(t, "watch", "-w", "main.x", "-q", "--json", scenariosPath, "--", "twice", "10")
	if all := events(t, splitLines(r.stdout)); len(all) != 2 {
		t.Errorf("got %v", all)
	}
}

func TestPartialSaysWhy(t *testing.T) {
	r := runArgus(t, "watch", "--driver", "ptrace", "-w", "main.buffer[0]", scenariosPath, "--", "syscall", "3")
	if !strings.Contains(r.stdout, "partial") || !strings.Contains(r.stdout, "system call") {
		t.Errorf("got\n%s", r.stdout)
	}
}

// TestSystemCalls: what read(2) writes is a hit where the perf driver may see that.
func TestSystemCalls(t *testing.T) {
	if perf.Probe().Kernel != nil {
		t.Skip("perf events may not see the kernel's writes here")
	}
	r := runArgus(t, "watch", "-w", "main.buffer[0]", scenariosPath, "--", "syscall", "3")
	if strings.Count(r.stdout, "read(2) in ") != 3 || !strings.Contains(r.stdout, "main.buffer[0]     3  exact") {
		t.Errorf("got\n%s", r.stdout)
	}
	r = runArgus(t, "watch", "--json", "-w", "main.buffer[0]", scenariosPath, "--", "syscall", "3")
	for _, h := range only(events(t, splitLines(r.stdout)), "hit") {
		if h["syscall"] != "read" {
			t.Errorf("%v", h)
		}
	}
}

func TestBuildFlags(t *testing.T) {
	r := runArgus(t, "watch", "-q", "-w", "main.count", "--build-flags", "-ldflags='-X main.unused=a -w=0' -trimpath", "--optimized", "./testdata/target", "--", "args")
	if r.status != 0 || !strings.Contains(r.stdout, "main.count     1  exact") {
		t.Errorf("status %d\n%s%s", r.status, r.stdout, r.stderr)
	}
}
