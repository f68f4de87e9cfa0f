package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const (
	delveModule = "github.com/go-delve/delve"
	argusModule = "github.com/argusdbg/argus"

	backendNative = "native" // Delve's own pkg/proc/native
	backendArgus  = "argus"  // Argus's backend through the adapter
	backendServer = "server" // Argus's DAP server in the place of Delve's
)

// A workspace is a copy of Delve's module in a temporary folder, and what is
// needed to build its suites on either backend.
type workspace struct {
	tmp      string            // everything is below it; the caller removes it
	delve    string            // the copy, never changed once made
	version  string            // of the Delve module, such as v1.27.2
	checkout string            // root of the Argus module
	overlays map[string]string // overlay files by backend; backendNative has none
	env      []string          // of every process, without GOFLAGS
}

// newWorkspace copies the Delve module that the go.mod of the current folder's
// module names into tmp, downloading it if needed.
func newWorkspace(ctx context.Context, tmp string) (*workspace, error) {
	if strings.ContainsAny(tmp, " \t\n") {
		return nil, fmt.Errorf("the temporary folder %q has a space in its name, which GOFLAGS cannot hold: set TMPDIR to another", tmp)
	}
	ws := &workspace{tmp: tmp, delve: filepath.Join(tmp, "delve"), overlays: map[string]string{}}
	for _, dir := range []string{"bin", "tmp", "overlay-" + backendArgus, "overlay-" + backendServer} {
		if err := os.Mkdir(filepath.Join(tmp, dir), 0o755); err != nil {
			return nil, err
		}
	}
	var own struct{ Path, Dir string }
	if err := goJSON(ctx, &own, "list", "-m", "-json"); err != nil {
		return nil, err
	}
	if own.Path != argusModule {
		return nil, fmt.Errorf("the current folder belongs to module %s: run delvesuite in a checkout of %s", own.Path, argusModule)
	}
	ws.checkout = own.Dir

	var mod struct{ Dir, Version, Error string }
	if err := goJSON(ctx, &mod, "mod", "download", "-json", delveModule); err != nil {
		return nil, err
	}
	if mod.Error != "" {
		return nil, fmt.Errorf("downloading %s: %s", delveModule, mod.Error)
	}
	ws.version = mod.Version
	if err := copyModule(mod.Dir, ws.delve); err != nil {
		return nil, fmt.Errorf("copying Delve's module: %w", err)
	}
	goroot, err := goOutput(ctx, "", nil, "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	ws.env = testEnv(os.Environ(), strings.TrimSpace(string(goroot)), filepath.Join(tmp, "tmp"))
	return ws, nil
}

// testEnv makes the environment of the suites from the caller's: what go test
// adds (GOROOT, and its bin first in PATH), an own TMPDIR, and nothing that
// changes how Delve's fixtures are built or which backend its tests choose.
func testEnv(caller []string, goroot, tmpdir string) []string {
	path := filepath.Join(goroot, "bin")
	var env []string
	for _, kv := range caller {
		name, value, _ := strings.Cut(kv, "=")
		switch name {
		case "PATH":
			path += string(os.PathListSeparator) + value
		case "CI", "PROCTEST", "GOEXPERIMENT", "CGO_CFLAGS", "GOWORK", "GOROOT", "TMPDIR", "GOFLAGS":
		default:
			env = append(env, kv)
		}
	}
	return append(env,
		"GOWORK=off",
		"GOROOT="+goroot,
		"TMPDIR="+tmpdir,
		"PATH="+path)
}

// envFor returns the environment for building and running on a backend. The
// overlay is named in GOFLAGS, so that the builds started by tests use it too.
func (ws *workspace) envFor(backend string) []string {
	flags := os.Getenv("GOFLAGS")
	if overlay := ws.overlays[backend]; overlay != "" {
		flags = strings.TrimSpace(flags + " -overlay=" + overlay)
	}
	return append(ws.env[:len(ws.env):len(ws.env)], "GOFLAGS="+flags)
}

// runBits are the files of Delve that must be executable and that module zips,
// which keep no modes, deliver without (FACTS F2).
var runBits = []string{"_fixtures/nongochild/child.sh", "_fixtures/fake-debuginfod-find/*"}

// copyModule copies the module in src, read-only in the module cache, to a
// writable tree at dst and restores the run bits.
func copyModule(src, dst string) error {
	err := filepath.WalkDir(src, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(src, path)
		if err != nil {
			return err
		}
		target := filepath.Join(dst, rel)
		if d.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, data, 0o644)
	})
	if err != nil {
		return err
	}
	for _, pattern := range runBits {
		files, err := filepath.Glob(filepath.Join(dst, pattern))
		if err != nil {
			return err
		}
		for _, f := range files {
			if err := os.Chmod(f, 0o755); err != nil {
				return err
			}
		}
	}
	return nil
}

// goJSON runs the go command in the current folder and decodes its output.
func goJSON(ctx context.Context, v any, args ...string) error {
	out, err := goOutput(ctx, "", nil, args...)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(out, v); err != nil {
		return fmt.Errorf("go %s: %w", strings.Join(args, " "), err)
	}
	return nil
}

// goOutput runs the go command and returns what it prints. Its error has an
// excerpt of the command's standard error.
func goOutput(ctx context.Context, dir string, env []string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = env
	cmd.WaitDelay = endGrace // a compiler it leaves may hold its output open
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil, fmt.Errorf("go %s: %w\n%s", args[0], err, excerpt(stderr.String()+stdout.String(), 20, 20))
	}
	if err != nil {
		return nil, err
	}
	return stdout.Bytes(), nil
}
