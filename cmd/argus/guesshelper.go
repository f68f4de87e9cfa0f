package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/argusdbg/argus/dap"
)

// guessHelperCommand prints what the sources in the current directory are. Editors run it,
// by the name that Delve's has, and nobody else.
func guessHelperCommand() *cli.Command {
	return &cli.Command{
		Name:   "substitute-path-guess-helper",
		Hidden: true,
		Action: func(ctx context.Context, _ *cli.Command) error {
			dirs, err := findSources(ctx)
			if err != nil {
				return err
			}
			return json.NewEncoder(os.Stdout).Encode(dirs)
		},
	}
}

func findSources(ctx context.Context) (*dap.SourceDirs, error) {
	goroot, err := goOutput(ctx, "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	// Without a module there is nothing but the standard library to be found.
	list, err := goOutput(ctx, "list", "-e", "-json=Dir,ImportPath,Name,Module", "all")
	if err != nil {
		return nil, err
	}
	d := &dap.SourceDirs{ClientGOROOT: strings.TrimSpace(string(goroot)), ClientModuleDirectories: map[string]string{}}
	commands := map[string]bool{}
	for packages := json.NewDecoder(bytes.NewReader(list)); packages.More(); {
		var p struct {
			Dir, ImportPath, Name string
			Module                *struct {
				Path, Dir string
				Main      bool
			}
		}
		if err := packages.Decode(&p); err != nil {
			return nil, fmt.Errorf("go list prints what is no JSON: %w", err)
		}
		if p.Module == nil || p.Dir == "" {
			continue
		}
		if within := strings.TrimPrefix(p.ImportPath, p.Module.Path); within != p.ImportPath { // else it is a test's
			if root, ok := strings.CutSuffix(filepath.ToSlash(p.Dir), within); ok {
				d.ClientModuleDirectories[p.Module.Path] = filepath.FromSlash(root)
			}
		}
		if p.Name == "main" && p.Module.Main {
			commands[p.ImportPath] = true
		}
	}
	if len(commands) == 1 {
		for d.ImportPathOfMainPackage = range commands {
		}
	}
	return d, nil
}

func goOutput(ctx context.Context, args ...string) ([]byte, error) {
	out, err := exec.CommandContext(ctx, "go", args...).Output()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		return nil, fmt.Errorf("go %s: %s", args[0], strings.TrimSpace(string(failed.Stderr)))
	}
	return out, err
}
