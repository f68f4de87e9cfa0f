package dap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/argusdbg/argus/internal/gobuild"
)

// executable is the file of a program.
type executable struct {
	path   string // absolute
	dir    string // of its package, if it was built
	remove func() // deletes what was built; may be called again
}

// errBuild says that a program could not be built. The console has told why.
const errBuild = userError("Build error: Check the debug console for details.")

// executable finds the program that is to be debugged, and builds it if need be.
func (s *session) executable(ctx context.Context, c *launchConfig) (*executable, error) {
	path, err := c.path(c.Program)
	if err != nil {
		return nil, err
	}
	if !c.builds() {
		return &executable{path: path, remove: func() {}}, nil
	}
	what := c.Program
	if c.Mode == "test" {
		what = "tests of " + what
	}
	s.output("stdout", "Building "+what+"\n")
	built, err := build(ctx, c)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		s.output("stderr", buildError(err))
		return nil, errBuild
	}
	return built, nil
}

func buildError(err error) string {
	text := "Build Error: " + err.Error() + "\n"
	var failed *gobuild.Error
	if errors.As(err, &failed) && failed.Output != "" {
		text = fmt.Sprintf("Build Error: %s: the go command fails\n%s\n", failed.Arg, strings.TrimSpace(failed.Output))
	}
	return text
}

func build(ctx context.Context, c *launchConfig) (*executable, error) {
	base, err := c.base()
	if err != nil {
		return nil, err
	}
	p, err := gobuild.Resolve(ctx, c.Program, gobuild.Options{Dir: base, BuildFlags: c.BuildFlags, Env: c.environ(), Test: c.Mode == "test"})
	if err != nil {
		return nil, err
	}
	if !p.Built {
		return nil, fmt.Errorf("%s is a program already: use mode \"exec\" to debug it", c.Program)
	}
	e := &executable{path: p.Path, dir: p.Dir, remove: func() { _ = p.Remove() }}
	if c.Output == "" {
		return e, nil
	}
	defer e.remove()
	to, err := c.path(c.Output)
	if err != nil {
		return nil, err
	}
	if err := move(p.Path, to); err != nil {
		return nil, fmt.Errorf("put the program where 'output' says: %w", err)
	}
	return &executable{path: to, dir: p.Dir, remove: func() { _ = os.Remove(to) }}, nil
}

// move moves an executable, to another file system if need be.
func move(from, to string) error {
	if st, err := os.Stat(to); err == nil && st.IsDir() {
		return fmt.Errorf("%s is a directory: name a file", to)
	}
	if os.Rename(from, to) == nil {
		return nil
	}
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	// A program that runs cannot be written to, but replaced.
	if err := os.Remove(to); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	dst, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	if _, err = io.Copy(dst, src); err == nil {
		err = dst.Close()
	} else {
		_ = dst.Close()
	}
	if err != nil {
		_ = os.Remove(to)
	}
	return err
}
