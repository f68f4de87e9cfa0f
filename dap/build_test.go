package dap

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// module makes a module of a command and its test, and returns its directory.
func module(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":  "module example.com/made\n\ngo 1.25\n",
		"main.go": "package main\n\nimport \"os\"\n\nvar version = \"none\"\n\nfunc main() {\n\tos.Stderr.WriteString(\"made \" + version + \"\\n\")\n\tos.Stdout.WriteString(os.Args[0] + \"\\n\")\n}\n",
		"made_test.go": "package main\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\nfunc TestWhere(t *testing.T) {\n\tdir, _ := os.Getwd()\n" +
			"\tos.Stdout.WriteString(\"in \" + dir + \"\\n\")\n}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// built counts what there is of programs in a directory for temporary files.
func built(t *testing.T, dir string) int {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(dir, "argus-*"))
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

func TestBuild(t *testing.T) {
	dir, tmp := module(t), t.TempDir()
	t.Setenv("GOTMPDIR", tmp)
	t.Run("package", func(t *testing.T) {
		ed := newEditor(t)
		ed.launch(dir, with{"mode": "debug", "buildFlags": "-ldflags='-X main.version=1.2'"})
		if built(t, tmp) != 1 {
			t.Error("not built where it is removed from")
		}
		ed.output("stdout", "Building "+dir+"\n")
		ed.configured()
		ed.output("stderr", "made 1.2\n")
		ed.ended()
		ed.disconnect()
		ed.leave()
	})
	t.Run("file", func(t *testing.T) {
		ed := newEditor(t)
		ed.launch("main.go", with{"mode": "debug", "dlvCwd": dir, "noDebug": false, "buildFlags": []string{"-ldflags=-X 'main.version=3 4'"}})
		ed.configured()
		ed.output("stderr", "made 3 4\n")
		ed.disconnect()
		ed.leave()
	})
	t.Run("output", func(t *testing.T) {
		ed := newEditor(t)
		out := filepath.Join(dir, "made.bin")
		ed.launch(".", with{"mode": "debug", "dlvCwd": dir, "output": "made.bin"})
		ed.configured()
		if said := ed.heard(out); !strings.Contains(said, out+"\n") {
			t.Errorf("%q", said)
		}
		if _, err := os.Stat(out); err != nil {
			t.Error(err)
		}
		ed.disconnect()
		ed.leave()
		if _, err := os.Stat(out); !os.IsNotExist(err) {
			t.Errorf("%s is left behind: %v", out, err)
		}
	})
	t.Run("test", func(t *testing.T) {
		ed := newEditor(t)
		ed.launch(dir, with{"mode": "test"})
		ed.output("stdout", "Building tests of "+dir+"\n")
		ed.configured()
		ed.output("stdout", "in "+dir+"\n")
		if code := ed.ended(); code != 0 {
			t.Error(code)
		}
		ed.disconnect()
		ed.leave()
	})
	t.Run("broken", func(t *testing.T) {
		if err := os.WriteFile(filepath.Join(dir, "bad.go"), []byte("package main\n\nfunc broken() { missing() }\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		ed := newEditor(t)
		ed.initialize()
		if e := fails(ed, "launch", with{"program": dir}); e.ShowUser || e.Format != "Failed to launch: Build error: Check the debug console for details." {
			t.Errorf("%+v", e)
		}
		ed.output("stderr", "bad.go:3:17: undefined: missing")
		ed.disconnect()
		ed.leave()
	})
	if n := built(t, tmp); n != 0 {
		t.Errorf("%d built programs are left behind", n)
	}
}

func TestMove(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	write := func() {
		if err := os.WriteFile(from, []byte("text"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	write()
	if err := move(from, to); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(to); err != nil || string(text) != "text" {
		t.Errorf("%q, %v", text, err)
	}
	write()
	if err := move(from, to); err != nil { // in the place of another
		t.Error(err)
	}
	write()
	if err := move(from, dir); err == nil || !strings.Contains(err.Error(), "is a directory") {
		t.Error(err)
	}
	if other := "/dev/shm"; isDir(other) { // another file system
		to := filepath.Join(other, filepath.Base(dir))
		defer os.Remove(to)
		if err := move(from, to); err != nil {
			t.Error(err)
		}
		if st, err := os.Stat(to); err != nil || st.Mode().Perm()&0o100 == 0 || st.Size() != 4 {
			t.Errorf("%v, %v", st, err)
		}
	}
}

func isDir(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.IsDir()
}
