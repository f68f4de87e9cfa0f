package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

const (
	nativeImport  = delveModule + "/pkg/proc/native"
	adapterImport = argusModule + "/delveadapter"
)

// addAdapter writes the overlay that makes the suites of packages run on the
// adapter whose source is given, and brings the overlay's go.mod and go.sum up
// to date.
func (ws *workspace) addAdapter(ctx context.Context, source []byte, packages []string) error {
	dir := ws.overlayDir(backendArgus)
	adapterFile := filepath.Join(dir, "adapter.go")
	if err := os.WriteFile(adapterFile, source, 0o644); err != nil {
		return err
	}
	rewritten, err := rewriteTree(ws.delve, dir)
	if err != nil {
		return err
	}
	rewritten[filepath.Join(ws.checkout, "delveadapter", "adapter.go")] = adapterFile
	return ws.addOverlay(ctx, backendArgus, rewritten, packages)
}

func (ws *workspace) overlayDir(backend string) string {
	return filepath.Join(ws.tmp, "overlay-"+backend)
}

// addOverlay gives a backend the overlay with the files of replace, and with a go.mod and
// go.sum that are enough for the suites of packages.
func (ws *workspace) addOverlay(ctx context.Context, backend string, replace map[string]string, packages []string) error {
	dir := ws.overlayDir(backend)
	sources := filepath.Join(dir, "sources.json")
	if err := writeOverlay(sources, replace); err != nil {
		return err
	}
	mod, sum := filepath.Join(dir, "argus.mod"), filepath.Join(dir, "argus.sum")
	if err := ws.writeModule(ctx, mod, sum); err != nil {
		return err
	}
	// The go command cannot write to files of an overlay: it completes them
	// as -modfile first, and they join the overlay after that.
	args := []string{"list", "-mod=mod", "-modfile=" + mod, "-overlay=" + sources, "-deps", "-test"}
	for _, p := range packages {
		args = append(args, "./"+p)
	}
	if _, err := goOutput(ctx, ws.delve, ws.envFor(backendNative), args...); err != nil {
		return fmt.Errorf("resolving the modules of Delve's suites on Argus: %w", err)
	}
	replace[filepath.Join(ws.delve, "go.mod")] = mod
	replace[filepath.Join(ws.delve, "go.sum")] = sum
	ws.overlays[backend] = filepath.Join(dir, "overlay.json")
	return writeOverlay(ws.overlays[backend], replace)
}

// writeModule writes the copy's go.mod with a requirement on the checkout to
// mod, and the sums of both modules to sum.
func (ws *workspace) writeModule(ctx context.Context, mod, sum string) error {
	data, err := os.ReadFile(filepath.Join(ws.delve, "go.mod"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(mod, data, 0o644); err != nil {
		return err
	}
	if _, err := goOutput(ctx, ws.delve, ws.env, "mod", "edit",
		"-require="+argusModule+"@v0.0.0", "-replace="+argusModule+"="+ws.checkout, mod); err != nil {
		return err
	}
	var sums bytes.Buffer
	for _, dir := range []string{ws.delve, ws.checkout} {
		data, err := os.ReadFile(filepath.Join(dir, "go.sum"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		sums.Write(data)
	}
	return os.WriteFile(sum, sums.Bytes(), 0o644)
}

// writeOverlay writes the file that go build -overlay reads. replace maps the
// path the go command asks for to the file that it gets.
func writeOverlay(file string, replace map[string]string) error {
	data, err := json.MarshalIndent(struct{ Replace map[string]string }{replace}, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o644)
}

// rewriteTree writes a copy of every Go file below root that imports
// pkg/proc/native to dir, with the adapter in its place, and returns where the
// copy of each is. Folders the go command ignores are left alone, and so is
// pkg/proc/native itself. root must use the native package: no file found is
// an error, since the suites would then silently run on Delve's own backend.
func rewriteTree(root, dir string) (map[string]string, error) {
	replace := make(map[string]string)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); path != root && (name[0] == '_' || name[0] == '.' || name == "testdata" ||
				path == filepath.Join(root, "pkg", "proc", "native")) {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(path) != ".go" {
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		out, changed, err := rewriteImport(src)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if !changed {
			return nil
		}
		target := filepath.Join(dir, "rewritten"+strconv.Itoa(len(replace))+".go")
		replace[path] = target
		return os.WriteFile(target, out, 0o644)
	})
	if err != nil {
		return nil, err
	}
	if len(replace) == 0 {
		return nil, fmt.Errorf("no file of this version of Delve imports %s", nativeImport)
	}
	return replace, nil
}
