package gobuild

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// listed is the part of "go list -json" that tells what a package is.
type listed struct {
	Dir, ImportPath, Name string

	GoFiles, CgoFiles         []string
	TestGoFiles, XTestGoFiles []string
	IgnoredGoFiles            []string

	Error *struct{ Err string }
}

const listFields = "-json=Dir,ImportPath,Name,GoFiles,CgoFiles,TestGoFiles,XTestGoFiles,IgnoredGoFiles,Error"

// list asks the go command what t is. The error says why it cannot be built,
// as far as that shows without a compiler.
func list(ctx context.Context, o Options, t target) (listed, error) {
	all, err := goList(ctx, o, t)
	if err != nil {
		return listed{}, err
	}
	switch len(all) {
	case 0:
		return listed{}, t.fail(ErrNotFound, "matches no packages")
	case 1:
		return all[0], judge(ctx, o, t, all[0])
	}
	return listed{}, t.fail(ErrSeveral, fmt.Sprintf("is %d packages: name one command%s", len(all), suchAs(t, all)))
}

func goList(ctx context.Context, o Options, t target) ([]listed, error) {
	var stdout bytes.Buffer
	var stderr head
	args := append([]string{"list", "-e", "-find", listFields}, o.BuildFlags...)
	args = append(append(args, "--"), t.patterns...)
	if err := runGo(ctx, o, t, &stdout, &stderr, nil, args); err != nil {
		var exit *exec.ExitError
		switch {
		case !errors.As(err, &exit):
			return nil, err
		case !strings.Contains(stderr.String(), "go.mod file not found"):
			return nil, t.failed("go list", &stderr, err)
		}
		return nil, t.fail(ErrNoModule, "is in no Go module: run 'go mod init NAME' in its directory, or name its .go files")
	}
	var all []listed
	for d := json.NewDecoder(&stdout); d.More(); {
		var p listed
		if err := d.Decode(&p); err != nil {
			return nil, &Error{Arg: t.arg, Kind: ErrBuild, Text: "go list wrote what is no JSON: " + err.Error(), Err: err}
		}
		all = append(all, p)
	}
	return all, nil
}

// judge returns nil if p can be built, and also if only the compiler can tell.
func judge(ctx context.Context, o Options, t target, p listed) error {
	code := len(p.GoFiles) + len(p.CgoFiles)
	tests := len(p.TestGoFiles) + len(p.XTestGoFiles)
	// Files that go list could not parse are in no list, but in its error.
	broken := p.Error != nil && !strings.Contains(p.Error.Err, "no Go files in")
	switch {
	case p.Dir == "":
		if p.Error == nil || strings.Contains(p.Error.Err, "is not in std") {
			return t.fail(ErrNotFound, "no such file, directory or package")
		}
		return t.fail(ErrNotFound, oneLine(p.Error.Err))
	case o.Test && tests > 0:
		return nil
	case o.Test && code > 0:
		return t.fail(ErrNoTests, "has no test files")
	case code > 0 && p.Name == "main":
		return nil
	case code > 0 && p.Name != "":
		return t.fail(ErrNotMain, "is package "+p.Name+", a library: "+nameCommand(ctx, o, t, p.Dir))
	case tests > 0:
		return t.fail(ErrNoGoFiles, "has only test files: "+nameCommand(ctx, o, t, p.Dir))
	case len(p.IgnoredGoFiles) > 0:
		return t.fail(ErrNoGoFiles, fmt.Sprintf("build constraints exclude all its Go files on %s/%s: set -tags, or name another package", runtime.GOOS, runtime.GOARCH))
	case broken:
		return nil
	}
	return t.fail(ErrNoGoFiles, "has no Go files: "+nameCommand(ctx, o, t, p.Dir))
}

// nameCommand advises to name a command, with those at or below dir if there are any.
func nameCommand(ctx context.Context, o Options, t target, dir string) string {
	below := target{arg: t.arg, base: t.base, dir: dir, patterns: []string{"./..."}}
	all, err := goList(ctx, o, below)
	if such := suchAs(below, all); err == nil && such != "" {
		return "name a command" + such
	}
	return "name a command, e.g. ./cmd/x"
}

// suchAs names up to three of the commands among all, as the user would.
func suchAs(t target, all []listed) string {
	const most = 3
	var names []string
	for _, p := range all {
		rel, err := filepath.Rel(t.base, p.Dir)
		if p.Name == "main" && len(p.GoFiles)+len(p.CgoFiles) > 0 && err == nil && len(names) < most {
			names = append(names, dotted(rel))
		}
	}
	if len(names) == 0 {
		return ""
	}
	return ", such as " + strings.Join(names, ", ")
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
