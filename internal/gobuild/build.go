package gobuild

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// build builds t into a new temporary directory.
func build(ctx context.Context, o Options, t target) (p *Program, err error) {
	pkg, err := list(ctx, o, t)
	if err != nil {
		return nil, err
	}
	tmp, err := os.MkdirTemp(getenv(o.Env, "GOTMPDIR"), "argus-")
	if err != nil {
		return nil, &Error{Arg: t.arg, Kind: ErrBuild, Text: "no temporary directory to build in: " + cause(err), Err: err}
	}
	defer func() {
		if err != nil {
			os.RemoveAll(tmp)
		}
	}()
	path, err := compile(ctx, o, t, tmp)
	if err != nil {
		return nil, err
	}
	info, err := program(t.arg, path)
	if err != nil {
		return nil, err
	}
	return &Program{Path: path, Built: true, Dir: pkg.Dir, Info: info, tmp: tmp}, nil
}

// compile runs the go command and returns the executable. bin holds nothing
// else: with a directory for -o, the go command chooses the name. work is its
// and the C compiler's scratch, which they leave behind when they are killed.
func compile(ctx context.Context, o Options, t target, tmp string) (string, error) {
	bin, work := filepath.Join(tmp, "bin"), filepath.Join(tmp, "work")
	for _, dir := range []string{bin, work} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			return "", &Error{Arg: t.arg, Kind: ErrBuild, Text: err.Error(), Err: err}
		}
	}
	args, what := []string{"build"}, "go build"
	if o.Test {
		args, what = []string{"test", "-c"}, "go test -c"
	}
	if !o.Optimized {
		args = append(args, "-gcflags=all=-N -l")
	}
	args = append(args, o.BuildFlags...)
	args = append(args, "-o", bin+string(filepath.Separator))
	args = append(args, t.patterns...)

	out := head{to: o.Stderr}
	if err := runGo(ctx, o, t, &out, &out, []string{"GOTMPDIR=" + work, "TMPDIR=" + work}, args); err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return "", t.failed(what, &out, err)
		}
		return "", err
	}
	made, err := os.ReadDir(bin)
	if err != nil || len(made) != 1 {
		return "", &Error{Arg: t.arg, Kind: ErrBuild, Text: what + " made no program: look at the build flags", Output: out.String(), Err: err}
	}
	if err := os.RemoveAll(work); err != nil {
		return "", &Error{Arg: t.arg, Kind: ErrBuild, Text: err.Error(), Err: err}
	}
	return filepath.Join(bin, made[0].Name()), nil
}

func (t target) fail(kind error, text string) error {
	return &Error{Arg: t.arg, Kind: kind, Text: text}
}

// failed is a failure of the go command itself, told by its first line.
func (t target) failed(what string, out *head, err error) error {
	text := what + " failed"
	var lines []string
	for line := range strings.Lines(out.String()) {
		// "# package" heads the lines of each package.
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "# ") {
			lines = append(lines, line)
		}
	}
	if len(lines) > 0 {
		text += ": " + lines[0]
	}
	return &Error{Arg: t.arg, Kind: ErrBuild, Text: text, Output: out.String(), Err: err}
}

// getenv is os.Getenv in env, where the last setting counts; nil is this process's own.
func getenv(env []string, key string) string {
	if env == nil {
		return os.Getenv(key)
	}
	value := ""
	for _, kv := range env {
		if v, ok := strings.CutPrefix(kv, key+"="); ok {
			value = v
		}
	}
	return value
}
