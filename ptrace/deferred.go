package ptrace

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// signal is a signal with its origin.
type signal struct {
	number int
	info   Siginfo
}

// takeDeferred puts the first signal that came during a single step in the place
// of the one that the thread is stopped by. A thread can be given one signal at a
// time: the others are for resendDeferred.
func (th *Thread) takeDeferred() (int, error) {
	first := th.deferred[0]
	if err := setSiginfo(th.TID, &first.info); err != nil {
		return 0, err
	}
	th.deferred = th.deferred[1:]
	return first.number, nil
}

// resendDeferred sends the thread the signals that came during a single step once
// more. Nobody may send a signal in another's name but with a code below zero
// (kernel/signal.c, do_rt_tgsigqueueinfo): the others get their true origin when
// they arrive.
func (th *Thread) resendDeferred() error {
	for _, s := range th.deferred {
		if s.info.Code < 0 && s.info.Code != siTkill && queueToThread(th.Proc.PID, th.TID, &s.info) == nil {
			continue
		}
		th.resent = append(th.resent, s)
		if err := unix.Tgkill(th.Proc.PID, th.TID, unix.Signal(s.number)); err != nil && !gone(err) {
			return fmt.Errorf("send %s to thread %d again: %w", unix.SignalName(unix.Signal(s.number)), th.TID, err)
		}
	}
	th.deferred = nil
	return nil
}

// restoreOrigin gives a signal that resendDeferred sent in our name the origin it
// had, and reports whether this is one.
func (th *Thread) restoreOrigin(info *Siginfo) bool {
	for i, s := range th.resent {
		if s.number == int(info.Signo) && info.Code == siTkill && info.Pid() == unix.Getpid() {
			th.resent = append(th.resent[:i:i], th.resent[i+1:]...)
			*info = s.info
			// The thread may have been killed meanwhile: nothing is lost then.
			_ = setSiginfo(th.TID, info)
			return true
		}
	}
	return false
}
