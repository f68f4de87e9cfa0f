package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test binary be the debugger, which the tests start.
func TestMain(m *testing.M) {
	if os.Getenv("BE_THE_DEBUGGER") != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// dialog is a debugger at the other end of two pipes.
type dialog struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func start(t *testing.T, args ...string) *dialog {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	d := &dialog{t: t, cmd: exec.CommandContext(ctx, os.Args[0], args...)}
	d.cmd.Env = append(os.Environ(), "BE_THE_DEBUGGER=1")
	d.cmd.Stderr = os.Stderr
	var err error
	if d.in, err = d.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := d.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	d.out = bufio.NewReader(out)
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return d
}

// answer reads up to the next prompt, or the end.
func (d *dialog) answer() string {
	d.t.Helper()
	var text strings.Builder
	for {
		c, err := d.out.ReadByte()
		if err == io.EOF {
			return text.String()
		}
		if err != nil {
			d.t.Fatal(err)
		}
		text.WriteByte(c)
		if s := text.String(); s == "> " || strings.HasSuffix(s, "\n> ") {
			return strings.TrimSuffix(s, "> ")
		}
	}
}

// say sends a command and expects an answer that a pattern matches.
func (d *dialog) say(command, pattern string) {
	d.t.Helper()
	if _, err := io.WriteString(d.in, command+"\n"); err != nil {
		d.t.Fatalf("%s: %v", command, err)
	}
	if got := d.answer(); !regexp.MustCompile("^(?:" + pattern + ")$").MatchString(got) {
		d.t.Fatalf("%s: %q, want %s", command, got, pattern)
	}
}

// end closes the input and expects that the debugger is content.
func (d *dialog) end() {
	d.t.Helper()
	d.in.Close()
	if rest := d.answer(); rest != "" {
		d.t.Errorf("at the end: %q", rest)
	}
	if err := d.cmd.Wait(); err != nil {
		d.t.Error(err)
	}
}

func bank(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bank")
	if out, err := exec.Command("go", "build", "-gcflags=all=-N -l", "-o", path, "../bank").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

func TestDialog(t *testing.T) {
	d := start(t, bank(t))
	if hello := d.answer(); hello != "" {
		t.Errorf("before the first prompt: %q", hello)
	}
	d.say("break main.main", `breakpoint 1: \[main\.main \(.*/bank/main\.go:\d+\)\]\n`)
	d.say("continue", `breakpoint: main\.main \(.*/bank/main\.go:\d+\)\n`)
	d.say("next", `step finished: main\.main \(.*/bank/main\.go:\d+\)\n`)
	d.say("watch main.balance", `watchpoint 2: main\.balance, int at 0x[0-9a-f]+\n`)
	d.say("continue", `main\.balance: 1000 -> 1005, written by goroutine \d+ \(main\.teller\) at main\.deposit \(.*/bank/main\.go:\d+\)\n`)
	d.say("print main.balance + 1", `1006\n`)
	d.say("print n", `5\n`)
	d.say("stack", ` 0  main\.deposit \(.*\)\n 1  main\.teller \(.*\)\n(?: +\d.*\n)+`)
	d.say("goroutines", `(?s)goroutine 1 \(runtime\.main\) in .*goroutine \d+ \(main\.teller\) in .*`)
	d.say("print nothing", `error: no variable nothing.*\n`)
	d.say("break main.depositt", `error: location "main\.depositt" not found: no function has that name; did you mean main\.deposit\?\n`)
	d.say("", ``)
	d.say("help", `(?s)watch EXPR .*quit +end the program\n`)
	d.say("quit", ``)
	d.end()
}

func TestToTheEnd(t *testing.T) {
	d := start(t, bank(t), "-strict")
	d.answer()
	d.say("continue", `balance: -\d+\noverdrawn!\nexit status 1\n`)
	d.end()
}

// TestInterrupt: Ctrl-C stops the program, and only that.
func TestInterrupt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sleeper")
	const sleeper = "package main\n\nimport (\n\t\"fmt\"\n\t\"time\"\n)\n\nfunc main() {\n\tfmt.Println(\"up\")\n\ttime.Sleep(time.Hour)\n}\n"
	if err := os.WriteFile(path+".go", []byte(sleeper), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "build", "-o", path, path+".go").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	d := start(t, path)
	d.answer()
	if _, err := io.WriteString(d.in, "continue\n"); err != nil {
		t.Fatal(err)
	}
	if line, err := d.out.ReadString('\n'); err != nil || line != "up\n" {
		t.Fatalf("%q, %v", line, err)
	}
	if err := d.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if got := d.answer(); !strings.HasPrefix(got, "halted: ") {
		t.Fatalf("after the interrupt: %q", got)
	}
	d.say("quit", "")
	d.end()
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{nil, {filepath.Join(t.TempDir(), "none")}} {
		cmd := exec.Command(os.Args[0], args...)
		cmd.Env = append(os.Environ(), "BE_THE_DEBUGGER=1")
		out, err := cmd.CombinedOutput()
		if err == nil || strings.Count(string(out), "\n") != 1 {
			t.Errorf("%v: %v, %q; want an error of one line", args, err, out)
		}
	}
}
