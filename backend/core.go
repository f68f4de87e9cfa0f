package backend

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/go-delve/delve/pkg/proc"
	"github.com/go-delve/delve/pkg/proc/core"

	"github.com/argusdbg/argus/internal/glue"
)

// ErrCore is returned by what needs a process: a core file only tells what was.
var ErrCore = errors.New("this is a core file: nothing in it runs, and nothing can be changed or watched")

// OpenCore opens a core file, or a minidump, and the program that left it. What reads
// works as with a stopped program; what runs, watches or writes fails with [ErrCore].
// Of the options only DebugInfoDirs and AnyGoVersion matter.
//
// A file that is no core file, or not one of the program's, gives a [*TargetError].
func OpenCore(ctx context.Context, exe, corePath string, o Options) (*Session, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	path, err := filepath.Abs(exe)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{path, corePath} {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		_ = f.Close() // it was only read
	}
	if err := checkProgram(exe, path, o); err != nil {
		return nil, err
	}
	targets, err := readCore(corePath, path, o.DebugInfoDirs)
	if err != nil {
		var bad *proc.ErrBadBinaryInfo
		if errors.As(err, &bad) {
			return nil, explainTarget(exe, err)
		}
		return nil, &TargetError{Path: corePath, Err: err, Reason: fmt.Sprintf("cannot be read as a core file of %s: %v", exe, err)}
	}
	s := newSession(path)
	s.core, s.group, s.pid = true, &glue.Group{Targets: targets}, targets.Selected.Pid()
	d, err := newDebuggee(targets.Selected, nil, exe, o.AnyGoVersion)
	if err != nil {
		return nil, err
	}
	s.debuggees = append(s.debuggees, d)
	s.use(d)
	return s, nil
}

// readCore reads a core file. Delve's reader takes the file for what it says it is, and
// panics when it is not.
func readCore(corePath, exe string, debugInfoDirs []string) (targets *proc.TargetGroup, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("it is damaged (%v)", p)
		}
	}()
	return core.OpenCore(corePath, exe, debugInfoDirs)
}

// live is an error if there is only a core file.
func (s *Session) live() error {
	if s.core {
		return ErrCore
	}
	return nil
}

// goroutineOf says which goroutine is on a thread, of a process or of a core file.
func (s *Session) goroutineOf(th proc.Thread) Goroutine {
	if th, ok := th.(*glue.Thread); ok {
		return s.goroutineOn(th)
	}
	g, err := proc.GetG(th)
	if err != nil || g == nil {
		return Goroutine{}
	}
	return Goroutine{ID: g.ID, Start: s.startOf(g.StartPC).Function}
}

// placeOf is where a thread that stays there stands, of a process or of a core file.
func (s *Session) placeOf(th proc.Thread, pc uint64) Place {
	if th, ok := th.(*glue.Thread); ok {
		return s.atRest(th, pc)
	}
	return Place(s.lines.At(pc, th))
}
