package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const module = "github.com/argusdbg/argus"

// buildPrograms builds what is measured on into a folder, named by an absolute path, but
// for what is there already.
// It has to be run in a folder of Argus's module.
func buildPrograms(ctx context.Context, programs string) error {
	// As a debugger's user builds them. Debug information is not compressed: to unpack it
	// is the same work for all.
	debug := []string{"-gcflags=all=-N -l", "-ldflags=-compressdwarf=false"}
	for _, p := range []struct {
		name, in, pkg string // in the folder of a module
		flags         []string
	}{
		{"hot", module, "./internal/bench/hot", debug},
		{"work", module, "./internal/bench/work", debug},
		{"compile", module, "cmd/compile", debug[1:]},
		{"parked", module, "./internal/testkit/targets/parked", debug},
		{"dlv", "github.com/go-delve/delve", "./cmd/dlv", nil},
	} {
		path := filepath.Join(programs, p.name)
		if _, err := os.Stat(path); err == nil {
			continue
		}
		dir, err := goCommand(ctx, "", "list", "-m", "-f", "{{.Dir}}", p.in)
		if err != nil {
			return err
		}
		args := append([]string{"build", "-buildvcs=false", "-buildmode=exe", "-o", path}, p.flags...)
		if _, err := goCommand(ctx, strings.TrimSpace(dir), append(args, p.pkg)...); err != nil {
			return err
		}
	}
	return nil
}

// goCommand runs the go command in a folder.
func goCommand(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, complaints.String())
	}
	return string(out), nil
}
