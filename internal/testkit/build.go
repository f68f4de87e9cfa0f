package testkit

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// Mode is how a target is compiled.
type Mode string

// Modes.
const (
	Debug     Mode = "debug"     // -N -l
	Optimized Mode = "optimized" // as go build does
	Race      Mode = "race"      // with the race detector
)

// Modes are those that every test of exactness runs in.
var Modes = []Mode{Debug, Optimized}

// SomeModes are those, or with -short the one in which programs are used: for tests that
// would take long with both.
func SomeModes() []Mode {
	if testing.Short() {
		return []Mode{Optimized}
	}
	return Modes
}

var built struct {
	sync.Mutex
	dir   string
	paths map[string]string
}

// Scenarios returns the path of the target for most tests.
func Scenarios(t testing.TB, mode Mode) string { return Target(t, "scenarios", mode) }

// Target builds a program of targets/ and returns its path. It is built once for a
// test binary, which Main removes it after.
func Target(t testing.TB, name string, mode Mode) string {
	t.Helper()
	return TargetBy(t, "", name, mode)
}

// TargetBy is Target by another toolchain, such as "go1.24.9"; "" is the one at hand. The
// program is built as a module of its own, whose language is that of Go 1.24. The test is
// skipped where there is no such toolchain.
func TargetBy(t testing.TB, toolchain, name string, mode Mode) string {
	t.Helper()
	_, file, _, _ := runtime.Caller(0)
	// The checkout may be another user's. Each session reads the debug information, and with
	// the race detector on it took twice as long to unpack as all the rest of a short one.
	args := []string{"build", "-buildvcs=false", "-ldflags=-compressdwarf=false"}
	switch mode {
	case Debug:
		args = append(args, "-gcflags=all=-N -l")
	case Race:
		args = append(args, "-race")
	}
	dir := filepath.Join(filepath.Dir(file), "targets", name)
	if toolchain == "" {
		return once(t, name+"-"+string(mode), func(out string) error {
			return run(dir, "go", append(args, "-o", out, ".")...)
		})
	}
	if out, err := command("", toolchain, "go", "version").CombinedOutput(); err != nil {
		t.Skipf("no %s: %s", toolchain, out)
	}
	return once(t, name+"-"+string(mode)+"-"+toolchain, func(out string) error {
		module := out + ".module"
		if err := os.CopyFS(module, os.DirFS(dir)); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(module, "go.mod"), []byte("module target\n\ngo 1.24\n"), 0o600); err != nil {
			return err
		}
		return runBy(toolchain, module, "go", append(args, "-o", out, ".")...)
	})
}

// C compiles a C program and returns its path. The test is skipped where there is no
// compiler.
func C(t testing.TB, name, source string, flags ...string) string {
	t.Helper()
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("no C compiler")
	}
	return once(t, "c-"+name, func(out string) error {
		src := out + ".c"
		if err := os.WriteFile(src, []byte(source), 0o600); err != nil {
			return err
		}
		return run("", "gcc", append(append([]string{"-o", out, src}, flags...), "-lpthread")...)
	})
}

func once(t testing.TB, key string, build func(out string) error) string {
	t.Helper()
	built.Lock()
	defer built.Unlock()
	if p, ok := built.paths[key]; ok {
		return p
	}
	if built.dir == "" {
		dir, err := os.MkdirTemp("", "argus-test-")
		if err != nil {
			t.Fatal(err)
		}
		// Tests that run as another user start what is in here.
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		built.dir, built.paths = dir, map[string]string{}
	}
	out := filepath.Join(built.dir, key)
	if err := build(out); err != nil {
		t.Fatal(err)
	}
	built.paths[key] = out
	return out
}

func run(dir, name string, args ...string) error { return runBy("", dir, name, args...) }

// command is one that runs with a toolchain; "" is the one at hand.
func command(dir, toolchain, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	if toolchain != "" {
		cmd.Env = append(os.Environ(), "GOTOOLCHAIN="+toolchain)
	}
	return cmd
}

func runBy(toolchain, dir, name string, args ...string) error {
	cmd := command(dir, toolchain, name, args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return nil
}
