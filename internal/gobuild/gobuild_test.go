package gobuild

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

const (
	mainGo = "package main\n\nfunc main() {}\n"
	libGo  = "package lib\n"
	testGo = "package lib\n\nimport \"testing\"\n\nfunc TestIt(t *testing.T) {}\n"
	goMod  = "module example.com/shop\n\ngo 1.25\n"
)

// lay writes files below a new directory and returns it.
func lay(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "/") {
			if err := os.Mkdir(path, 0o755); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// shop is a module with packages of all kinds.
func shop(t *testing.T) string {
	return lay(t, map[string]string{
		"go.mod":             goMod,
		"lib/lib.go":         libGo,
		"lib/cmd/a/a.go":     mainGo,
		"lib/cmd/b/b.go":     mainGo,
		"leaf/leaf.go":       libGo,
		"tested/lib.go":      libGo,
		"tested/lib_test.go": testGo,
		"onlytest/x_test.go": testGo,
		"cmd/till/main.go":   mainGo,
		"cmd/till/v2/m.go":   mainGo,
		"docs/readme.txt":    "text",
		"tagged/p.go":        "//go:build tagged\n\n" + mainGo,
		"bad/bad.go":         "package main\n\nfunc main() {\n\tundefined()\n\talso()\n}\n",
		"syntax/bad.go":      "package main\n\nfunc {\n",
		"clause/bad.go":      "pakcage main\n",
		"two/a.go":           "package main\n\nfunc main() { b() }\n",
		"two/b.go":           "package main\n\nfunc b() {}\n",
		"script.sh":          "#!/bin/sh\nexit 0\n",
		"notes":              "text",
		"program.exe":        "MZ\x90\x00",
		"program.darwin":     "\xcf\xfa\xed\xfe\x07\x00\x00\x01",
		"short":              "\x7fELF",
		"none":               "",
		"other/go.mod":       "module example.com/other\n\ngo 1.25\n",
		"other/main.go":      "package main\n\nimport _ \"example.com/other/lib\"\n\nfunc main() {}\n",
		"other/lib/lib.go":   libGo,
	})
}

// cleanTemp sends temporary files to a new directory, and fails the test if
// anything is in it at the end.
func cleanTemp(t *testing.T) string {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Setenv("GOTMPDIR", "")
	t.Cleanup(func() {
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v %v", left, err)
		}
	})
	return dir
}

func TestResolveBuilds(t *testing.T) {
	dir := shop(t)
	bare := lay(t, map[string]string{"hello.go": mainGo})
	for _, c := range []struct {
		arg  string
		o    Options
		base string // the program's name
		src  string // its sources
	}{
		{"./cmd/till", Options{Dir: dir}, "till", "cmd/till"},
		{"cmd/till", Options{Dir: dir}, "till", "cmd/till"}, // a directory, though "cmd/..." are packages of Go
		{"example.com/shop/cmd/till", Options{Dir: dir}, "till", "cmd/till"},
		{".", Options{Dir: filepath.Join(dir, "cmd/till")}, "till", "cmd/till"},
		{"../till", Options{Dir: filepath.Join(dir, "cmd/till")}, "till", "cmd/till"},
		{"./cmd/till/v2", Options{Dir: dir}, "till", "cmd/till/v2"},
		{filepath.Join(dir, "cmd/till"), Options{}, "till", "cmd/till"}, // from the module of this test
		{"./other", Options{Dir: dir}, "other", "other"},
		{"other/main.go", Options{Dir: dir}, "main", "other"}, // imports what only its own module has
		{"two/a.go two/b.go", Options{Dir: dir}, "a", "two"},
		{filepath.Join(dir, "cmd/till/main.go"), Options{}, "main", "cmd/till"},
		{"hello.go", Options{Dir: bare}, "hello", bare},
		{"./cmd/till", Options{Dir: dir, Optimized: true}, "till", "cmd/till"},
		{"./cmd/till", Options{Dir: dir, BuildFlags: []string{"-ldflags=-w", "-buildmode=pie"}}, "till", "cmd/till"},
		{"./tested", Options{Dir: dir, Test: true}, "tested.test", "tested"},
	} {
		t.Run(c.base+" "+filepath.Base(c.arg), func(t *testing.T) {
			cleanTemp(t)
			var stderr bytes.Buffer
			c.o.Stderr = &stderr
			p, err := Resolve(t.Context(), c.arg, c.o)
			if err != nil {
				t.Fatalf("%v\n%s", err, &stderr)
			}
			if !p.Built || filepath.Base(p.Path) != c.base || !filepath.IsAbs(p.Path) || p.Dir != within(dir, c.src) {
				t.Errorf("%+v", p)
			}
			if p.Info.Optimized != c.o.Optimized || p.Info.GOARCH != runtime.GOARCH || p.Info.GOOS != "linux" {
				t.Errorf("%+v", p.Info)
			}
			if out, err := exec.Command(p.Path).CombinedOutput(); err != nil {
				t.Errorf("it does not run: %v\n%s", err, out)
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(filepath.Dir(p.Path)), "work")); err == nil {
				t.Error("the build's scratch is still there")
			}
			for range 2 {
				if err := p.Remove(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestResolveTakesBinary(t *testing.T) {
	dir := shop(t)
	built, err := Resolve(t.Context(), "./cmd/till", Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer built.Remove()
	if err := os.Rename(built.Path, filepath.Join(dir, "till")); err != nil {
		t.Fatal(err)
	}
	cleanTemp(t)
	t.Setenv("PATH", "") // needs no go command
	for _, arg := range []string{"till", "./till", filepath.Join(dir, "till")} {
		p, err := Resolve(t.Context(), arg, Options{Dir: dir})
		if err != nil {
			t.Errorf("%s: %v", arg, err)
			continue
		}
		if p.Built || p.Path != filepath.Join(dir, "till") || p.Info.Package != "example.com/shop/cmd/till" {
			t.Errorf("%s: %+v", arg, p)
		}
		if err := p.Remove(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(p.Path); err != nil {
			t.Fatal("Remove deleted a program that was not built")
		}
	}
}

func TestResolveErrors(t *testing.T) {
	dir := shop(t)
	bare := lay(t, map[string]string{"hello.go": mainGo})
	in, out := Options{Dir: dir}, Options{Dir: bare}
	for _, c := range []struct {
		arg  string
		o    Options
		kind error
		says string
	}{
		{"", in, ErrNotFound, `"": name a Go package`},
		{" ", in, ErrNotFound, "malformed import path"},
		{"./nope", in, ErrNotFound, "./nope: no such file or directory"},
		{"nope", in, ErrNotFound, "nope: no such file, directory or package"},
		{"nope.go", in, ErrNotFound, "no such Go file"},
		{"two/a.go two/c.go", in, ErrNotFound, "two/c.go: no such Go file"},
		{"notes/x", in, ErrNotFound, "no such file, directory or package"},
		{"example.com/nope", in, ErrNotFound, "go get example.com/nope"},
		{"nope", out, ErrNotFound, "no such file, directory or package"},
		{"example.com/nope", out, ErrNotFound, "go.mod file not found"},
		{"nope/...", in, ErrNotFound, "matches no packages"},
		{"golang.org/x/tools/cmd/stringer@latest", in, ErrNotFound, "path@version"},
		{"-x", in, ErrNotFound, "malformed import path"},
		{"a\x00b", in, ErrUnreadable, "invalid argument"},
		{"./nope/...", in, ErrNotFound, "no such file or directory"},
		{"./lib/...", in, ErrSeveral, "is 3 packages: name one command, such as ./lib/cmd/a, ./lib/cmd/b"},
		{"./lib", in, ErrNotMain, "./lib: is package lib, a library: name a command, such as ./lib/cmd/a, ./lib/cmd/b"},
		{"./leaf", in, ErrNotMain, "name a command, e.g. ./cmd/x"},
		{"lib/lib.go", in, ErrNotMain, "is package lib, a library"},
		{"fmt", in, ErrNotMain, "is package fmt, a library"},
		{"./docs", in, ErrNoGoFiles, "./docs: has no Go files: name a command, e.g. ./cmd/x"},
		{".", in, ErrNoGoFiles, "has no Go files: name a command, such as ./bad"},
		{"./tagged", in, ErrNoGoFiles, "build constraints exclude all"},
		{"./onlytest", in, ErrNoGoFiles, "has only test files"},
		{"./leaf", Options{Dir: dir, Test: true}, ErrNoTests, "has no test files"},
		{".", out, ErrNoModule, "go mod init"},
		{bare, in, ErrNoModule, "go mod init"},
		{"./bad", in, ErrBuild, "go build failed: bad/bad.go:4:2: undefined: undefined"},
		{"./syntax", in, ErrBuild, "bad.go:3:6"},
		{"./clause", in, ErrBuild, "bad.go:1:1"},
		{"./cmd/till", Options{Dir: dir, BuildFlags: []string{"-nosuchflag"}}, ErrBuild, "-nosuchflag"},
		{"./cmd/till", Options{Dir: dir, BuildFlags: []string{"-n"}}, ErrBuild, "look at the build flags"},
		{"script.sh", in, ErrNotELF, "is a script"},
		{"notes", in, ErrNotELF, "is not an ELF program"},
		{"none", in, ErrNotELF, "is not an ELF program"},
		{"short", in, ErrNotELF, "is a damaged ELF file"},
		{"program.exe", in, ErrNotELF, "is a Windows program"},
		{"program.darwin", in, ErrNotELF, "is a macOS program"},
		{"/dev/null", in, ErrNotELF, "is not a regular file"},
	} {
		t.Run(c.arg, func(t *testing.T) {
			cleanTemp(t)
			p, err := Resolve(t.Context(), c.arg, c.o)
			if err == nil {
				t.Fatalf("no error, but %+v", p)
			}
			if e := new(Error); !errors.Is(err, c.kind) || !errors.As(err, &e) {
				t.Errorf("%v: not of kind %q", err, c.kind)
			}
			if !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v: does not say %q in one line", err, c.says)
			}
		})
	}
}

func TestBuildErrorKeepsCompilersLines(t *testing.T) {
	dir := shop(t)
	cleanTemp(t)
	var stderr bytes.Buffer
	_, err := Resolve(t.Context(), "./bad", Options{Dir: dir, Stderr: &stderr})
	var e *Error
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	for _, line := range []string{"# example.com/shop/bad", "bad.go:4:2: undefined: undefined", "bad.go:5:2: undefined: also"} {
		if !strings.Contains(stderr.String(), line) || !strings.Contains(e.Output, line) {
			t.Errorf("no %q in\n%s\n%s", line, &stderr, e.Output)
		}
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		t.Errorf("the cause is %v", e.Err)
	}
}

func TestResolveWithoutGo(t *testing.T) {
	dir := shop(t)
	cleanTemp(t)
	t.Setenv("PATH", t.TempDir())
	if _, err := Resolve(t.Context(), "./cmd/till", Options{Dir: dir}); !errors.Is(err, ErrNoGo) || !strings.Contains(err.Error(), "install Go") {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(os.Getenv("PATH"), "go"), []byte("\x7fELF"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Resolve(t.Context(), "./cmd/till", Options{Dir: dir}); !errors.Is(err, ErrNoGo) || !strings.Contains(err.Error(), "does not run") {
		t.Error(err)
	}
}

func TestResolveWithoutTempDirectory(t *testing.T) {
	dir := shop(t)
	t.Setenv("GOTMPDIR", filepath.Join(t.TempDir(), "nope"))
	if _, err := Resolve(t.Context(), "./cmd/till", Options{Dir: dir}); !errors.Is(err, ErrBuild) || !strings.Contains(err.Error(), "no temporary directory") {
		t.Error(err)
	}
}

func TestResolveEnv(t *testing.T) {
	dir := shop(t)
	cleanTemp(t)
	// The tag comes by the environment alone.
	env := append(os.Environ(), "GOFLAGS=-tags=tagged -buildvcs=false", "GOTMPDIR="+t.TempDir())
	p, err := Resolve(t.Context(), "./tagged", Options{Dir: dir, Env: env})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(p.Path, getenv(env, "GOTMPDIR")) {
		t.Errorf("%s is not below GOTMPDIR", p.Path)
	}
	if err := p.Remove(); err != nil {
		t.Error(err)
	}
}

func TestResolveKeepsSymlink(t *testing.T) {
	dir := shop(t)
	cleanTemp(t)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	p, err := Resolve(t.Context(), "./cmd/till", Options{Dir: link})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Remove()
	if want := filepath.Join(link, "cmd/till"); p.Dir != want {
		t.Errorf("its sources are in %s, want %s as the user named it", p.Dir, want)
	}
}

func TestResolveEndedContext(t *testing.T) {
	dir := shop(t)
	cleanTemp(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Resolve(ctx, "./cmd/till", Options{Dir: dir}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
