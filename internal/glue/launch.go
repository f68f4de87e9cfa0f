package glue

import (
	"fmt"
	"os"

	"github.com/go-delve/delve/pkg/logflags"
	"github.com/go-delve/delve/pkg/proc"
	"github.com/go-delve/delve/pkg/proc/linutil"
	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/lanes"
	"github.com/argusdbg/argus/internal/tty"
	"github.com/argusdbg/argus/ptrace"
)

// LaunchConfig says how a program is started.
type LaunchConfig struct {
	Path string   // the executable file
	Args []string // its arguments, Args[0] included
	Dir  string   // working directory; "" is the caller's
	Env  []string // nil is the caller's

	// Standard files. A nil Stdin reads as empty, or with Foreground is the
	// caller's; nil Stdout and Stderr are the caller's.
	Stdin, Stdout, Stderr *os.File

	TTY             string // a terminal that takes the place of all three
	Foreground      bool   // make the program the foreground of its terminal
	NewProcessGroup bool   // ending the program ends its whole process group
	DisableASLR     bool
	DebugInfoDirs   []string // where to look for debug information that is apart from the program

	Slots lanes.Options // how watchpoints are armed
}

// Launch starts a program, stopped before its first instruction.
func Launch(cfg LaunchConfig) (*proc.TargetGroup, error) {
	g, err := LaunchObserved(cfg, NoObserver{})
	if err != nil {
		return nil, err
	}
	return g.Targets, nil
}

// LaunchObserved is Launch with an Observer.
func LaunchObserved(cfg LaunchConfig, o Observer) (*Group, error) {
	pc := ptrace.LaunchConfig{Path: cfg.Path, Args: cfg.Args, Dir: cfg.Dir, Env: cfg.Env,
		Stdin: cfg.Stdin, Stdout: cfg.Stdout, Stderr: cfg.Stderr,
		NewProcessGroup: cfg.NewProcessGroup, DisableASLR: cfg.DisableASLR}
	if cfg.Foreground && pc.Stdin == nil {
		pc.Stdin = os.Stdin
	}
	if cfg.Foreground && tty.Is(pc.Stdin) {
		pc.Foreground, pc.NewProcessGroup = true, true
	}
	if cfg.TTY != "" {
		terminal, err := os.OpenFile(cfg.TTY, os.O_RDWR|unix.O_NOCTTY, 0)
		if err != nil {
			return nil, err
		}
		defer terminal.Close()
		if !tty.Is(terminal) {
			return nil, fmt.Errorf("%s is not a terminal", cfg.TTY)
		}
		pc.TTY = terminal
	}
	g := newGroup(o, cfg.Slots)
	var held *ptrace.Process
	err := g.do(func() (err error) {
		held, err = g.tracees.Launch(pc)
		return err
	})
	if err != nil {
		g.finish()
		return nil, err
	}
	return g, g.start(held, cfg.Path, cfg.DebugInfoDirs, proc.StopLaunched)
}

// Attach holds a running process, stopped.
func Attach(pid int, debugInfoDirs []string) (*proc.TargetGroup, error) {
	g, err := AttachObserved(pid, debugInfoDirs, NoObserver{}, lanes.Options{})
	if err != nil {
		return nil, err
	}
	return g.Targets, nil
}

// AttachObserved is Attach with an Observer.
func AttachObserved(pid int, debugInfoDirs []string, o Observer, slots lanes.Options) (*Group, error) {
	g := newGroup(o, slots)
	var held *ptrace.Process
	err := g.do(func() (err error) {
		held, err = g.tracees.Attach(pid)
		return err
	})
	if err != nil {
		g.finish()
		return nil, err
	}
	return g, g.start(held, fmt.Sprintf("/proc/%d/exe", pid), debugInfoDirs, proc.StopAttached)
}

// start makes a target of the first process. On an error the process is ended,
// or let go if it was attached to.
func (g *Group) start(held *ptrace.Process, path string, debugInfoDirs []string, reason proc.StopReason) error {
	p := newProcess(g, held, reason == proc.StopAttached)
	g.add(p)
	g.Targets, g.addTarget = proc.NewGroup(g, proc.NewTargetGroupConfig{
		DebugInfoDirs: debugInfoDirs, StopReason: reason, CanDump: true})
	err := g.do(g.handleQueued)
	if err == nil {
		threads := p.threads()
		th := threads[0]
		if leader := held.Thread(held.PID); leader != nil {
			th = leader
		}
		_, err = g.addTarget(p, held.PID, th.Data.(*Thread), path, reason, commandLine(held.PID))
	}
	if err == nil && reason == proc.StopAttached {
		err = linutil.ElfUpdateSharedObjects(p)
	}
	if err != nil {
		if p.valid() {
			_ = g.Detach(held.PID, reason == proc.StopLaunched)
		}
		return err
	}
	p.watchSharedLibraries()
	return nil
}

// watchSharedLibraries lets Delve notice Go code in a library that a program
// in another language loads.
func (p *Process) watchSharedLibraries() {
	if len(p.bi.Images) == 0 || p.bi.Images[0].IsGo {
		return
	}
	addr, err := linutil.ElfFindRBrk(p)
	if err == nil && addr == 0 {
		var auxv []byte
		if auxv, err = os.ReadFile(fmt.Sprintf("/proc/%d/auxv", p.held.PID)); err == nil {
			addr, err = linutil.ElfFindRBrkFromInterp(p.bi.Images[0].Path, linutil.BaseFromAuxv(auxv, 8))
		}
	}
	if err != nil || addr == 0 {
		logflags.DebuggerLogger().Warnf("loading of shared libraries will not be noticed: %v", err)
		return
	}
	p.g.Targets.Selected.CreateSharedLibBreakpoint(addr)
}
