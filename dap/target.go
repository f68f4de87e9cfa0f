package dap

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/backend"
)

// client is what the client said of itself. Its lines and columns begin at 1, as the
// program's do: initialize fails with others.
type client struct {
	variableType   bool
	runInTerminal  bool
	invalidated    bool // it can be told to ask for values anew
	progress       bool
	memoryEvent    bool
	paging         bool // it asks for parts of long lists
	startDebugging bool
}

// target is the program that is debugged.
type target struct {
	*backend.Session // nil if it runs without being debugged: see plain
	settings
	launched bool // and not attached to
	core     bool // it is a core file
	plain    *process

	cfg     *launchConfig // nil if it was not launched
	exe     *executable
	streams *streams
	told    bool // the client knows that it has ended
	dropped bool // a restart has ended it
}

// killTime is how long is waited for a process that is killed: it takes long only where
// the kernel waits for a device.
const killTime = 5 * time.Second

// release ends the program, or lets it go on without us. It is no error if it has ended.
func (t *target) release(kill bool) error {
	var err error
	switch {
	case t.plain != nil:
		t.plain.end()
	case t.Session == nil:
	case t.core:
		err = t.Session.Close()
	case kill:
		err = t.Session.Kill(unbounded)
	default:
		err = t.Session.Detach(unbounded)
	}
	if errors.Is(err, backend.ErrEnded) {
		err = nil
	}
	if t.Session != nil && t.launched {
		// The loop need not have heard of it: it can have been the very end that err tells of.
		if ev, is := t.Session.Ended().(*backend.Exec); is {
			endReplaced(ev)
		}
	}
	return err
}

// endReplaced ends what our child has replaced its program by. Its number is its own until
// its end is collected.
func endReplaced(ev *backend.Exec) {
	if ev.Wait(over) != nil {
		return
	}
	if unix.Kill(-ev.PID, unix.SIGKILL) != nil { // it leads its group no longer
		_ = unix.Kill(ev.PID, unix.SIGKILL)
	}
	ctx, cancel := context.WithTimeout(context.Background(), killTime)
	defer cancel()
	_ = ev.Wait(ctx)
}

// tidy removes what was made for the program, once it is released.
func (t *target) tidy() {
	if t.streams != nil {
		t.streams.close()
	}
	if t.exe != nil {
		t.exe.remove()
	}
}

// pid is the id of the program's process; 0 if it has none.
func (t *target) pid() int {
	switch {
	case t.plain != nil:
		return t.plain.pid()
	case t.Session == nil || t.core:
		return 0
	}
	return t.Session.PID()
}

// exited is what Delve's users read when a program has ended.
func exited(pid, status int) string {
	return fmt.Sprintf("Process %d has exited with status %d\n", pid, status)
}
