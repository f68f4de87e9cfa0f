package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestBadInput: each is one line that says what to do, a status of its own, and nothing
// is left running or on disk.
func TestBadInput(t *testing.T) {
	cProgram := filepath.Join(t.TempDir(), "c")
	if out, err := exec.Command("gcc", "-g", "-o", cProgram, "testdata/c/main.c").CombinedOutput(); err != nil {
		t.Fatalf("build a C program: %v\n%s", err, out)
	}
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	locked := filepath.Join(t.TempDir(), "locked")
	data, err := os.ReadFile(scenariosPath)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(locked, data, 0o600); err != nil {
		t.Fatal(err)
	}
	x := func(expr string) []string { return []string{"watch", "-w", expr, scenariosPath, "--", "twice", "1"} }
	const failed = statusFailed
	for _, tc := range []struct {
		name   string
		args   []string
		status int
		want   string
	}{
		{"no such directory", []string{"watch", "-w", "main.x", "./nosuch"}, statusNotFound, "./nosuch: no such file or directory"},
		{"no such package", []string{"watch", "-w", "main.x", "nosuchpackage"}, statusNotFound, "nosuchpackage: no such"},
		{"library", []string{"watch", "-w", "main.x", "../../hwbp"}, failed, "is package hwbp, a library: name a command"},
		{"script", []string{"watch", "-w", "main.x", script}, statusNotExecutable, "is a script"},
		{"not executable", []string{"watch", "-w", "main.x", locked}, statusNotExecutable, "chmod +x"},
		{"stripped", []string{"watch", "-w", "main.x", strippedPath}, failed, "has no debug information: it was stripped, or built with -ldflags=-s or -w; build it again without"},
		{"C", []string{"watch", "-w", "x", cProgram}, failed, "not a Go program"},
		{"misspelt", x("main.balanc"), failed, "no variable main.balanc"},
		{"misspelt, near", []string{"watch", "-w", "main.coumt", targetPath}, failed, "no variable main.coumt; did you mean main.count?"},
		{"other case", []string{"watch", "-w", "main.Count", targetPath}, failed, "did you mean main.count?"},
		{"no package", []string{"watch", "-w", "count", targetPath}, failed, "did you mean main.count?"},
		{"import path", x("os/signal.handler"), failed, "no variable os/signal.handler; did you mean signal.handlers?"},
		{"nil pointer", x("*main.any1.(*int)"), failed, "main.any1"},
		{"no field", x("main.pair.C"), failed, "main.pair has no member C"},
		{"constant", x("main.one"), failed, "main.one is a constant"},
		{"function", x("main.twice"), failed, "main.twice is a function, not a variable"},
		{"no address", x("&main.x"), failed, "&main.x is a value without an address: name a variable, a field, an element or *pointer"},
		{"bare number", x("0x1234"), failed, "*(*int64)(0x1234)"},
		{"not an expression", x("main.x +"), failed, `"main.x +" is not a Go expression`},
		{"unmapped", x("*(*int64)(0x1234)"), failed, "cannot be read"},
		{"out of bounds", x("main.numbers[9]"), failed, "index out of bounds"},
		{"string", []string{"watch", "--mode", "pinned", "-w", "main.name", scenariosPath}, failed, "main.name (string) is watched as a whole, by page guards"},
		{"map", []string{"watch", "-rw", "main.table", scenariosPath}, failed, "page guards see writes only"},
		{"too large", []string{"watch", "--mode", "pinned", "-w", "main.big", scenariosPath}, failed, "watch a part of it"},
		{"fifth", []string{"watch", "--mode", "pinned", "-w", "main.x", "-w", "main.pair.A", "-w", "main.pair.B", "-w", "main.quiet", "-w", "main.ready", scenariosPath}, failed,
			"main.ready needs 1 debug register and 0 of 4 are free (held by main.x, main.pair.A, main.pair.B, main.quiet): watch less, or let watchpoints take turns with --mode sampled"},
		{"fifth, pinned", []string{"watch", "--mode", "pinned", "-w", "main.pair", "-w", "main.wide", "-w", "main.quiet", scenariosPath}, failed,
			"main.quiet needs 1 debug register and 0 of 4 are free (held by main.pair, main.wide): watch less, or let watchpoints take turns with --mode sampled"},
		{"group beside", []string{"watch", "--mode", "pinned", "-w", "main.pair", "-w", "main.x", "--group", "main.ready,main.quiet", scenariosPath}, failed,
			"group main.ready, main.quiet needs 2 debug registers and 1 of 4 is free (held by main.pair, main.x)"},
		{"group of five", []string{"watch", "--mode=sampled", "--group", "main.pair,main.wide,main.x", scenariosPath}, failed,
			"group main.pair, main.wide, main.x needs 5 debug registers and there are 4: make the group smaller"},
		{"group of one", []string{"watch", "--group", "main.x", scenariosPath}, failed, `--group: "main.x" is one watchpoint, which needs no group`},
		{"two groups", []string{"watch", "--group", "main.x,main.quiet", "--group", "main.ready,main.x", scenariosPath}, failed, "--group: main.x is named twice"},
		{"group, brackets", []string{"watch", "--group", "main.x,main.array[1", scenariosPath}, failed, "is without a ]"},
		{"group, misspelt", []string{"watch", "--group", "main.x,main.quite", scenariosPath}, failed, "no variable main.quite; did you mean main.quiet?"},
		{"mode", []string{"watch", "--mode", "some", "-w", "main.x", scenariosPath}, failed, `--mode: "some" is not one of exact, sampled and pinned`},
		{"driver", []string{"watch", "--driver", "uprobe", "-w", "main.x", scenariosPath}, failed, `--driver: "uprobe" is not one of auto, perf and ptrace`},
		{"slice", []string{"watch", "--slice", "99us", "-w", "main.x", scenariosPath}, failed, `--slice: "99us" is shorter than 100µs`},
		{"slice, unit", []string{"watch", "--slice", "2", "-w", "main.x", scenariosPath}, failed, `--slice: "2" is not a time with its unit, as in 2ms`},
		{"slice, negative", []string{"watch", "--slice=-2ms", "-w", "main.x", scenariosPath}, failed, "is shorter than"},
		{"thread", []string{"watch", "--thread", "4711", "-w", "main.x", scenariosPath}, failed, "there is main, and attach takes any"},
		{"watch --safe", []string{"watch", "--safe", "on", "-w", "main.x", scenariosPath}, failed, "unknown flag --safe"},
		{"safe", []string{"attach", "--safe", "yes", "-w", "main.x", "1"}, failed, `--safe: "yes" is not one of on, off and auto`},
		{"no thread id", []string{"attach", "--thread", "one", "-w", "main.x", "1"}, failed, `--thread: "one" is neither the id of a thread nor main`},
		{"condition no bool", append([]string{"watch", "--if", "main.x"}, x("main.x")[1:]...), failed, `condition "main.x" is not true or false`},
		{"condition no expression", append([]string{"watch", "--if", "main.x >"}, x("main.x")[1:]...), failed, "is not a Go expression"},
		{"no such dir", append([]string{"watch", "--dir", "/nosuch"}, x("main.x")[1:]...), failed, "/nosuch is not a directory"},
		{"-o", append([]string{"watch", "-o", "/nosuch/file"}, x("main.x")[1:]...), failed, "-o: open /nosuch/file"},

		{"gone", []string{"attach", "-w", "main.x", "4194305"}, failed, "there is no such process"},
		{"not a pid", []string{"attach", "-w", "main.x", "bank"}, failed, `"bank" is not the id of a process`},
		{"no pid", []string{"attach", "-w", "main.x"}, failed, "name the process by its id"},
		{"two pids", []string{"attach", "-w", "main.x", "1", "2"}, failed, "one process at a time"},

		{"no -w", []string{"watch", targetPath}, failed, "nothing to watch: name a variable with -w"},
		{"attach, no -w", []string{"attach", "1"}, failed, "nothing to watch: name a variable with -w"},
		{"empty -w", []string{"watch", "-w", "", targetPath}, failed, `-w: "" is not an expression`},
		{"no program", []string{"watch", "-w", "main.x"}, failed, "name a Go package or a binary"},
		{"too many", []string{"watch", "-w", "main.x", targetPath, "x"}, failed, "arguments of the program stand after --"},
		{"unknown flag", []string{"watch", "--stak", targetPath}, failed, "unknown flag --stak; did you mean --stack?"},
		{"short flag", []string{"watch", "-x", targetPath}, failed, "unknown flag -x (see argus watch --help)"},
		{"no value", []string{"watch", targetPath, "-w"}, failed, "flag -w needs a value"},
		{"count 0", []string{"watch", "-w", "main.x", "--count", "0", targetPath}, failed, `--count: "0" is not 1 or more`},
		{"count -1", []string{"watch", "-w", "main.x", "--count", "-1", targetPath}, failed, `--count: "-1" is not a number`},
		{"stop-after 0", []string{"watch", "-w", "main.x", "--stop-after=0", targetPath}, failed, `--stop-after: "0" is not 1 or more`},
		{"stack 0", []string{"watch", "-w", "main.x", "--stack=0", targetPath}, failed, `--stack: "0" is not a number of frames, 1 to 32`},
		{"color", []string{"watch", "-w", "main.x", "--color", "pink", targetPath}, failed, "not one of auto, always and never"},
		{"build flags", []string{"watch", "-w", "main.x", "--build-flags", "'-tags a", targetPath}, failed, "--build-flags"},
		{"unknown command", []string{"wacht"}, failed, `unknown command "wacht"; did you mean watch?`},
		{"version x", []string{"version", "x"}, failed, "takes no arguments"},
		{"doctor x", []string{"doctor", "x"}, failed, "takes no arguments"},
		{"completion", []string{"completion"}, failed, "name a shell"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := runArgus(t, tc.args...)
			if r.status != tc.status {
				t.Errorf("status %d, want %d", r.status, tc.status)
			}
			if r.stdout != "" || strings.Count(r.stderr, "\n") != 1 || !strings.HasPrefix(r.stderr, "argus: ") || !strings.Contains(r.stderr, tc.want) {
				t.Errorf("stdout %q, stderr %q, want %q", r.stdout, r.stderr, tc.want)
			}
		})
	}
}

// TestDoesNotCompile: the compiler's words go to stderr.
func TestDoesNotCompile(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte("package main\n\nfunc main() { nosuch() }\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	r := runArgus(t, "watch", "-w", "main.x", filepath.Join(dir, "main.go"))
	if r.status != statusFailed || !strings.Contains(r.stderr, "undefined: nosuch") || !strings.Contains(r.stderr, "\nargus: ") {
		t.Errorf("status %d, stderr %q", r.status, r.stderr)
	}
}

// TestUnaligned: covered by several registers, and every write is seen.
func TestUnaligned(t *testing.T) {
	r := runArgus(t, "watch", "-q", "-w", "main.odd.V", "-w", "main.Unaligned[3]", scenariosPath, "--", "twice", "1")
	if r.status != 0 || !strings.Contains(r.stdout, "main.odd.V            0  exact") {
		t.Errorf("status %d\n%s%s", r.status, r.stdout, r.stderr)
	}
}

func TestAlreadyTraced(t *testing.T) {
	target := running(t, scenariosPath, "forever")
	first := attached(t, target).start()
	first.stdout.until(" -> ")
	r := finish(attached(t, target))
	if want := fmt.Sprintf("process %d (argus) traces it already", first.Process.Pid); r.status != statusFailed || !strings.Contains(r.stderr, want) {
		t.Errorf("status %d, stderr %q, want %q", r.status, r.stderr, want)
	}
}

// TestAttachFails: an error after the attach lets the process go.
func TestAttachFails(t *testing.T) {
	target := running(t, scenariosPath, "forever")
	for _, expr := range []string{"main.nosuch", "main.one", "main.numbers[9]"} {
		r := runArgus(t, "attach", "-w", "main.x", "-w", expr, strconv.Itoa(target.Process.Pid))
		if r.status != statusFailed || !free(target.Process.Pid) {
			t.Errorf("%s: status %d, free: %v", expr, r.status, free(target.Process.Pid))
		}
	}
	c := filepath.Join(t.TempDir(), "c")
	if out, err := exec.Command("gcc", "-g", "-o", c, "testdata/c/main.c").CombinedOutput(); err != nil {
		t.Fatalf("build a C program: %v\n%s", err, out)
	}
	for _, path := range []string{c, strippedPath} {
		p := prepare(t, path, "forever").start()
		r := runArgus(t, "attach", "-w", "x", strconv.Itoa(p.Process.Pid))
		if r.status != statusFailed || strings.Count(r.stderr, "\n") != 1 || !free(p.Process.Pid) {
			t.Errorf("%s: status %d, stderr %q, free: %v", path, r.status, r.stderr, free(p.Process.Pid))
		}
	}
}

// TestNotPermitted: another user's process.
func TestNotPermitted(t *testing.T) {
	p := command(t, "attach", "-w", "main.x", "1")
	if os.Geteuid() == 0 {
		target := running(t, scenariosPath, "forever")
		p = command(t, "attach", "-w", "main.x", strconv.Itoa(target.Process.Pid))
		p.SysProcAttr.Credential = &syscall.Credential{Uid: 65534, Gid: 65534}
		p.Dir = "/"
	}
	r := finish(p)
	if r.status != statusFailed || !strings.Contains(r.stderr, "it belongs to user 0: run as that user, or as root") {
		t.Errorf("status %d, stderr %q", r.status, r.stderr)
	}
}

// TestDynamicallyLinked: before its first instruction such a program is in no function
// of Go, and messages are as good.
func TestDynamicallyLinked(t *testing.T) {
	r := runArgus(t, "watch", "-w", "main.coumt", "--build-flags=-buildmode=pie -ldflags=-linkmode=external", "./testdata/target")
	if r.status != statusFailed || !strings.Contains(r.stderr, "no variable main.coumt; did you mean main.count?") {
		t.Errorf("status %d, stderr %q", r.status, r.stderr)
	}
	r = runArgus(t, "watch", "-q", "-w", "main.count", "--build-flags=-buildmode=pie -ldflags=-linkmode=external", "./testdata/target", "--", "args")
	if r.status != 0 || !strings.Contains(r.stdout, "main.count     1  exact") {
		t.Errorf("status %d\n%s%s", r.status, r.stdout, r.stderr)
	}
}
