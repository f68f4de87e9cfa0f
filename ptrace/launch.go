package ptrace

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// LaunchConfig says how a program is started.
type LaunchConfig struct {
	Path string   // the executable file
	Args []string // its arguments, Args[0] included
	Dir  string   // working directory; "" is the caller's
	Env  []string // nil is the caller's

	// Standard files. A nil Stdin reads as empty; nil Stdout and Stderr are the
	// caller's.
	Stdin, Stdout, Stderr *os.File

	// TTY is a terminal that becomes all three standard files and the
	// controlling terminal of a new session.
	TTY *os.File

	NewProcessGroup bool // lead a process group of its own; Kill then ends all of it
	Foreground      bool // with NewProcessGroup: make that group the foreground of the terminal Stdin
	DisableASLR     bool
}

// LaunchError says that a program could not be started.
type LaunchError struct {
	Path string
	Err  error
}

func (e *LaunchError) Error() string {
	advice := ""
	switch e.Err { // not errors.Is: wrapped ones are not about the program itself
	case unix.ENOENT:
		advice = " (no such file, or its interpreter is missing)"
	case unix.EACCES:
		advice = " (is it executable?)"
	case unix.ENOEXEC:
		advice = " (not a program of this machine)"
	case unix.EPERM:
		advice = " (ptrace is not permitted here: see argus doctor)"
	}
	return fmt.Sprintf("start %s: %v%s", e.Path, e.Err, advice)
}

// Unwrap returns the cause.
func (e *LaunchError) Unwrap() error { return e.Err }

// Launch starts a program and holds it stopped before its first instruction.
// The process ends when the Tracer does.
func (g *Tracees) Launch(cfg LaunchConfig) (*Process, error) {
	pid, err := start(cfg)
	if err != nil {
		return nil, &LaunchError{cfg.Path, err}
	}
	p := &Process{PID: pid, Memory: &Memory{}, launched: true, ownGroup: cfg.NewProcessGroup || cfg.TTY != nil}
	if err = reseize(pid); err == nil {
		err = p.Memory.open(pid)
	}
	if err == nil && cfg.Foreground && cfg.NewProcessGroup && cfg.TTY == nil {
		err = setForeground(cfg.Stdin, pid)
	}
	if err != nil {
		p.Memory.Close()
		endChild(pid)
		return nil, &LaunchError{cfg.Path, err}
	}
	g.addProcess(p)
	g.addThread(p, pid, stateStopped)
	return p, nil
}

// endChild ends and collects a child that is of no use.
func endChild(pid int) {
	_ = unix.Kill(pid, unix.SIGKILL)
	for {
		_, ws, err := wait(pid, 0)
		if err != nil || !ws.Stopped() {
			return
		}
		_ = ptraceCall(reqCont, pid, 0, 0) // it reports its exit
	}
}

// setForeground makes a process group the foreground of a terminal. The group
// cannot do that itself on its way to exec: the SIGTTOU that the kernel sends to a
// background process for it would stop it there, and us with it.
func setForeground(tty *os.File, pgid int) error {
	if tty == nil {
		return errors.New("take the foreground of the terminal: Stdin is none")
	}
	var block, old unix.Sigset_t
	block.Val[0] = 1 << (unix.SIGTTOU - 1) // for ourselves: we may be in the background too
	if err := unix.PthreadSigmask(unix.SIG_BLOCK, &block, &old); err != nil {
		return err
	}
	defer func() { _ = unix.PthreadSigmask(unix.SIG_SETMASK, &old, nil) }()
	if err := unix.IoctlSetPointerInt(int(tty.Fd()), unix.TIOCSPGRP, pgid); err != nil {
		return fmt.Errorf("take the foreground of the terminal: %w", err)
	}
	return nil
}

func start(cfg LaunchConfig) (int, error) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return 0, err
	}
	defer null.Close()
	files := []*os.File{cfg.Stdin, cfg.Stdout, cfg.Stderr}
	for i, own := range []*os.File{null, os.Stdout, os.Stderr} {
		if files[i] == nil {
			files[i] = own
		}
	}
	attr := &syscall.SysProcAttr{Ptrace: true, Setpgid: cfg.NewProcessGroup}
	if cfg.TTY != nil {
		files = []*os.File{cfg.TTY, cfg.TTY, cfg.TTY}
		attr.Setpgid, attr.Setsid, attr.Setctty = false, true, true
	}
	if cfg.DisableASLR {
		restore, err := disableASLR()
		if err != nil {
			return 0, fmt.Errorf("disable address space randomisation: %w", err)
		}
		defer restore()
	}
	proc, err := os.StartProcess(cfg.Path, cfg.Args, &os.ProcAttr{Dir: cfg.Dir, Env: cfg.Env, Files: files, Sys: attr})
	if err != nil {
		if info, dirErr := os.Stat(cfg.Dir); cfg.Dir != "" && (dirErr != nil || !info.IsDir()) {
			return 0, fmt.Errorf("%s is no directory to work in: %w", cfg.Dir, err)
		}
		var pathErr *os.PathError
		if errors.As(err, &pathErr) && pathErr.Path == cfg.Path {
			err = pathErr.Err
		}
		return 0, err
	}
	pid := proc.Pid
	return pid, proc.Release()
}

// disableASLR changes the personality of this thread, which the child inherits.
func disableASLR() (restore func(), err error) {
	const addrNoRandomize = 0x0040000 // include/uapi/linux/personality.h
	old, _, e := unix.RawSyscall(unix.SYS_PERSONALITY, 0xffffffff, 0, 0)
	if e != 0 {
		return nil, e
	}
	if _, _, e := unix.RawSyscall(unix.SYS_PERSONALITY, old|addrNoRandomize, 0, 0); e != 0 {
		return nil, e
	}
	return func() { unix.RawSyscall(unix.SYS_PERSONALITY, old, 0, 0) }, nil
}

// reseize turns the PTRACE_TRACEME relation that a start under ptrace gives into
// one by PTRACE_SEIZE, which alone has PTRACE_INTERRUPT and PTRACE_LISTEN: the
// process is let go with a SIGSTOP in hand, seized, and the SIGSTOP taken back.
func reseize(pid int) error {
	_, ws, err := wait(pid, 0)
	if err != nil {
		return err
	}
	if !ws.Stopped() {
		return fmt.Errorf("ended before it began: %v", exitStatus(ws))
	}
	if err := ptraceCall(reqDetach, pid, 0, uintptr(unix.SIGSTOP)); err != nil {
		return err
	}
	if err := ptraceCall(reqSeize, pid, 0, seizeOptions|unix.PTRACE_O_EXITKILL); err != nil {
		return err
	}
	for {
		_, ws, err := wait(pid, 0)
		if err != nil {
			return err
		}
		if !ws.Stopped() {
			return fmt.Errorf("ended before it began: %v", exitStatus(ws))
		}
		event, sig := uint32(ws)>>16, ws.StopSignal()
		switch {
		case event == 0 && (sig == unix.SIGSTOP || sig == unix.SIGCONT):
			return nil // about to be given a signal, which the first resume leaves out
		case event == eventStop && sig == unix.SIGSTOP:
			// The job control stop has already happened: end it.
			if err := unix.Kill(pid, unix.SIGCONT); err != nil {
				return err
			}
			if err := ptraceCall(reqListen, pid, 0, 0); err != nil {
				return err
			}
		default:
			if err := ptraceCall(reqCont, pid, 0, 0); err != nil {
				return err
			}
		}
	}
}
