package dap

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"github.com/google/go-dap"
	"pgregory.net/rapid"
)

// What a program writes is told before its end is, and is told as what it is.
func TestOutputRemote(t *testing.T) {
	in := filepath.Join(t.TempDir(), "in")
	text := strings.Repeat("täxt\n", 20000) // more than a pipe holds
	if err := os.WriteFile(in, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, noDebug := range []bool{false, true} {
		ed := newEditorWith(t, Config{Stdout: os.Stdout, Stderr: os.Stderr})
		ed.initialize()
		ask[struct{}](ed, "launch", with{"mode": "exec", "program": lifeTarget(t), "args": []string{"cat"}, "stdinFrom": in, "outputMode": "remote", "noDebug": noDebug})
		if !noDebug {
			ed.configured()
		}
		end := ed.event("exited", nil)
		var stdout, stderr strings.Builder
		for _, m := range ed.came("output") {
			switch b := bodyOf[dap.OutputEventBody](ed, m); {
			case b.Category != "stdout" && b.Category != "stderr":
			case m.Seq > end.Seq:
				t.Errorf("output comes after the end: %q", b.Output)
			case b.Category == "stdout":
				stdout.WriteString(b.Output)
			default:
				stderr.WriteString(b.Output)
			}
		}
		if stdout.String() != text || stderr.String() != "to stderr\n" {
			t.Errorf("noDebug %v: %d bytes of %d, and %q", noDebug, stdout.Len(), len(text), stderr.String())
		}
		ed.disconnect()
	}
}

// A local program writes where the server does, and to files where it is said.
func TestOutputLocal(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(path("in"), []byte("from a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	own, err := os.Create(path("own"))
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	for _, tt := range []struct {
		args with
		want map[string]string // files
	}{
		{with{"stdinFrom": path("in")}, map[string]string{"own": "from a file\nto stderr\n"}},
		{with{"stdinFrom": "in", "dlvCwd": dir, "stdoutTo": "out"}, map[string]string{"out": "from a file\n", "own": "to stderr\n"}},
		{with{"stdinFrom": path("in"), "stdoutTo": path("one"), "stderrTo": path("two")}, map[string]string{"one": "from a file\n", "two": "to stderr\n", "own": ""}},
		{with{"stdinFrom": path("in"), "stdoutTo": path("all"), "stderrTo": path("all")}, map[string]string{"all": "from a file\nto stderr\n", "own": ""}},
	} {
		for _, noDebug := range []bool{false, true} {
			if err := own.Truncate(0); err != nil {
				t.Fatal(err)
			}
			if _, err := own.Seek(0, 0); err != nil {
				t.Fatal(err)
			}
			ed := newEditorWith(t, Config{Stdout: own, Stderr: own})
			ed.initialize()
			args := with{"mode": "exec", "program": lifeTarget(t), "args": []string{"cat"}, "noDebug": noDebug}
			for k, v := range tt.args {
				args[k] = v
			}
			ask[struct{}](ed, "launch", args)
			if !noDebug {
				ed.configured()
			}
			ed.ended()
			ed.disconnect()
			for name, want := range tt.want {
				if got, err := os.ReadFile(path(name)); err != nil || string(got) != want {
					t.Errorf("%v: %s: %q, %v; want %q", args, name, got, err, want)
				}
			}
			for _, m := range ed.came("output") {
				if b := bodyOf[dap.OutputEventBody](ed, m); b.Category == "stdout" || b.Category == "stderr" {
					t.Errorf("%v: the client is sent %q", args, b.Output)
				}
			}
		}
	}
}

// A program that leaves a child behind, which holds its output, has ended nevertheless.
// With the session the child ends too: it is in the program's group.
func TestOutputOfOrphans(t *testing.T) {
	ed := newEditor(t)
	ed.launch(lifeTarget(t), with{"args": []string{"child"}})
	ed.configured()
	said := ed.heard("ready")
	if code := ed.ended(); code != 0 {
		t.Error(code)
	}
	ed.disconnect()
	fields := strings.Fields(said[strings.Index(said, "ready"):])
	if pid, err := strconv.Atoi(fields[1]); err == nil {
		_ = syscall.Kill(pid, syscall.SIGKILL) // it is nobody's any more
	}
}

// Nothing that the server has open is passed on: a program has what any child of ours has.
func TestNoFilesLeak(t *testing.T) {
	files := func(said string) (list []string) {
		for line := range strings.Lines(said) {
			if fd := strings.Fields(line); len(fd) > 2 {
				list = append(list, fd[1]+" "+fd[2])
			}
		}
		return list
	}
	plain, err := exec.Command(lifeTarget(t), "fds").Output()
	if err != nil {
		t.Fatal(err)
	}
	want := files(string(plain))
	for _, noDebug := range []bool{false, true} {
		ed := newEditor(t)
		ed.initialize()
		ask[struct{}](ed, "launch", with{"mode": "exec", "program": lifeTarget(t), "args": []string{"fds"}, "noDebug": noDebug})
		if !noDebug {
			ed.configured()
		}
		if got := files(ed.heard("done")); !slices.Equal(got, want) {
			t.Errorf("noDebug %v: the program has %q, and not %q", noDebug, got, want)
		}
		ed.ended()
		ed.disconnect()
	}
}

// However reads cut it: nothing is lost, and no character is torn.
func TestForward(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text") + "ä€😀"
		var got strings.Builder
		forward(iotest.OneByteReader(strings.NewReader(text)), func(part string) {
			if strings.ContainsRune(part, '�') && !strings.ContainsRune(text, '�') {
				t.Fatalf("torn: %q", part)
			}
			got.WriteString(part)
		})
		if got.String() != text {
			t.Fatalf("%q became %q", text, got.String())
		}
	})
	// What is no UTF-8 is passed on all the same.
	var got strings.Builder
	forward(iotest.OneByteReader(strings.NewReader("a\xffb\xe2\x82")), func(part string) { got.WriteString(part) })
	if got.String() != "a\xffb\xe2\x82" {
		t.Errorf("%q", got.String())
	}
}
