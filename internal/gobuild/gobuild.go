package gobuild

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Options says how Resolve builds. The zero value builds for debugging, in the
// current directory, quietly.
type Options struct {
	Dir        string    // relative names are relative to it; "" is the current directory
	Optimized  bool      // leave the optimizer on: no -gcflags 'all=-N -l'
	BuildFlags []string  // further flags of go build, each a word: "-tags=x", "-race"
	Env        []string  // the go command's environment, KEY=VALUE; nil is this process's own
	Stderr     io.Writer // what go build writes, as it comes; nil discards it
	Test       bool      // build the package's tests, as go test -c does
}

// Program is an executable to debug.
type Program struct {
	Path  string // absolute
	Built bool   // Resolve built it, and Remove deletes it
	Dir   string // the directory of its main package's sources; "" if not built
	Info  Info

	tmp string
}

// Remove deletes what Resolve built. A program that was there before stays. It
// may be called while the program runs, and more than once.
func (p *Program) Remove() error {
	if p.tmp == "" {
		return nil
	}
	return os.RemoveAll(p.tmp)
}

// Resolve returns the executable that arg names: an ELF file, which must be a
// Linux program of this machine's architecture, or a directory, an import path
// or one or more .go files separated by spaces, which are built. An existing
// file or directory comes before an import path of the same name.
//
// A built program has the name that go build gives it and lies in a new
// directory under GOTMPDIR or the system's directory for temporary files.
//
// The error is an [*Error], or wraps the context's if that ended first. Nothing
// is left on disk then, and nothing running.
func Resolve(ctx context.Context, arg string, o Options) (*Program, error) {
	base, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, &Error{Arg: arg, Kind: ErrNotFound, Text: err.Error(), Err: err}
	}
	path := within(base, arg)
	st, err := os.Stat(path)
	switch {
	case arg == "":
		return nil, &Error{Arg: `""`, Kind: ErrNotFound, Text: "name a Go package or a Linux binary"}
	case err == nil && st.IsDir():
		return build(ctx, o, directory(base, arg, path))
	case sources(arg, err == nil) != nil:
		return resolveFiles(ctx, o, base, arg, sources(arg, err == nil))
	case err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR):
		return nil, &Error{Arg: arg, Kind: ErrUnreadable, Text: "cannot be looked up: " + cause(err), Err: err}
	case err == nil:
		info, err := program(arg, path)
		if err != nil {
			return nil, err
		}
		return &Program{Path: path, Info: info}, nil
	case isPath(arg):
		return nil, &Error{Arg: arg, Kind: ErrNotFound, Text: "no such file or directory", Err: err}
	}
	return build(ctx, o, target{arg: arg, base: base, dir: base, patterns: []string{arg}})
}

// target is what the go command is asked to build.
type target struct {
	arg      string   // as the user named it
	base     string   // the user's directory, absolute
	dir      string   // where the go command runs
	patterns []string // what it is told to build; none begins with a dash
}

// directory is the package in path. The go command runs where the user is, so
// that its messages name files as the user would, unless path is in another
// module, which it can only build from there.
func directory(base, arg, path string) target {
	if root := moduleRoot(path); root != "" && root == moduleRoot(base) {
		if rel, err := filepath.Rel(base, path); err == nil {
			return target{arg: arg, base: base, dir: base, patterns: []string{dotted(rel)}}
		}
	}
	return target{arg: arg, base: base, dir: path, patterns: []string{"."}}
}

// resolveFiles builds a package of the named .go files.
func resolveFiles(ctx context.Context, o Options, base, arg string, files []string) (*Program, error) {
	t := target{arg: arg, base: base, dir: base}
	for _, f := range files {
		t.patterns = append(t.patterns, dotted(f))
		if st, err := os.Stat(within(base, f)); err != nil || st.IsDir() {
			return nil, &Error{Arg: f, Kind: ErrNotFound, Text: "no such Go file", Err: err}
		}
	}
	if dir := filepath.Dir(within(base, files[0])); moduleRoot(dir) != moduleRoot(base) {
		t.dir, t.patterns = dir, nil
		for _, f := range files {
			t.patterns = append(t.patterns, within(base, f))
		}
	}
	return build(ctx, o, t)
}

// sources returns the .go files that arg names, nil if it names something else.
func sources(arg string, exists bool) []string {
	if exists {
		if strings.HasSuffix(arg, ".go") {
			return []string{arg}
		}
		return nil
	}
	files := strings.Fields(arg)
	if len(files) == 0 || slices.ContainsFunc(files, func(f string) bool { return !strings.HasSuffix(f, ".go") }) {
		return nil
	}
	return files
}

// isPath reports whether arg can only be a path, by the go command's rule ("go
// help packages"). Patterns with "..." are left to the go command.
func isPath(arg string) bool {
	if strings.Contains(arg, "...") {
		return false
	}
	return filepath.IsAbs(arg) || arg == "." || arg == ".." || strings.HasPrefix(arg, "./") || strings.HasPrefix(arg, "../")
}

// moduleRoot returns the nearest directory at or above dir with a go.mod, or "".
func moduleRoot(dir string) string {
	for {
		if st, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil && !st.IsDir() {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			return ""
		}
		dir = up
	}
}

// within returns name as a path, relative to base if it is not absolute.
func within(base, name string) string {
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(base, name)
}

// dotted writes a path so that the go command sees neither import path nor flag in it.
func dotted(rel string) string {
	if isPath(rel) {
		return rel
	}
	return "./" + rel
}
