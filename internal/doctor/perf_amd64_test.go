package doctor

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/testkit"
	"github.com/argusdbg/argus/ptrace"
)

// TestEventStops: the event that openEvent opens is one that stops the thread.
// A program's first call pushes its return address below the stack pointer.
func TestEventStops(t *testing.T) {
	testkit.Watchdog(t)
	const trapPerf = 6 // TRAP_PERF, include/uapi/asm-generic/siginfo.h
	err := withChild(anyProgram(t), func(g *ptrace.Tracees, child *ptrace.Process) {
		th := child.Threads()[0]
		regs, err := th.Registers()
		if err != nil {
			t.Error(err)
			return
		}
		fd, err := openEvent(child.PID, regs.SP()-8, unix.PerfBitExcludeKernel)
		if err != nil {
			t.Errorf("open an event: %v", err)
			return
		}
		defer unix.Close(fd)
		if err := unix.IoctlSetInt(fd, unix.PERF_EVENT_IOC_ENABLE, 0); err != nil {
			t.Error(err)
			return
		}
		if err := g.Resume(th); err != nil {
			t.Error(err)
			return
		}
		ev, err := g.Wait()
		if err != nil || ev.Kind != ptrace.Trapped || ev.Info.Code != trapPerf {
			t.Errorf("got %v with code %d, %v", ev.Kind, ev.Info.Code, err)
		}
	})
	if err != nil {
		t.Error(err)
	}
}
