package dap

import (
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/tty"
)

// process is a program that runs without being debugged: noDebug.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed once it has ended
}

// startPlain starts a program that ends with us, as one does that is debugged.
func startPlain(exe *executable, c *launchConfig, dir string, st *streams) (*process, error) {
	cmd := exec.Command(exe.path, c.Args...)
	cmd.Dir, cmd.Env = dir, c.environ()
	if st.in != nil { // else a nil *os.File would be no nil interface
		cmd.Stdin = st.in
	}
	cmd.Stdout, cmd.Stderr = st.out, st.err
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: unix.SIGKILL}
	if tty.Is(st.in) {
		cmd.SysProcAttr.Foreground, cmd.SysProcAttr.Ctty = true, int(st.in.Fd())
	}
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		// The signal at the parent's death is about the parent's thread (prctl(2)): this one
		// is kept for as long as the program runs.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait()
			close(p.done)
		}
	}()
	return p, <-started
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// status is that of its end, as shells have it: 128 plus the signal's number if one ended
// it. done is closed.
func (p *process) status() int {
	if ws, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return p.cmd.ProcessState.ExitCode()
}

// signal sends a signal to the program and its group.
func (p *process) signal(sig unix.Signal) {
	select {
	case <-p.done: // the number may be somebody else's by now
	default:
		_ = unix.Kill(-p.pid(), sig)
	}
}

// end ends it.
func (p *process) end() {
	p.signal(unix.SIGKILL)
	select {
	case <-p.done:
	case <-time.After(killTime):
	}
}
