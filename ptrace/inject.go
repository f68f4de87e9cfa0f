package ptrace

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// ErrNoSyscallInstruction: no executable mapping of the process holds a system
// call instruction.
var ErrNoSyscallInstruction = errors.New("no system call instruction found in the process")

// Inject makes a stopped thread execute one system call, and puts the thread
// back as it was. All other threads are stopped too, so the call must not be
// one that waits for them. The result is the call's, with its error as errno.
// A thread that stopped inside a system call of its own resumes that.
func (g *Tracees) Inject(th *Thread, number int, args ...uint64) (uint64, error) {
	if err := g.leaveCall(th); err != nil {
		return 0, err
	}
	saved, err := th.Registers()
	if err != nil {
		return 0, g.goneOr(th, err)
	}
	before := *saved
	at, err := th.Proc.syscallInstruction(th.TID)
	if err != nil {
		return 0, err
	}
	call := before
	call.prepareSyscall(at, number, args)
	if err := th.SetRegisters(&call); err != nil {
		return 0, g.goneOr(th, err)
	}
	for {
		if _, err := g.StepOver(th); err != nil {
			return 0, err
		}
		now, err := th.Registers()
		if err != nil {
			return 0, g.goneOr(th, err)
		}
		if now.PC() == at {
			continue // the step ended before the call: a nudge, or the call was interrupted
		}
		result := now.syscallResult()
		if restarts(result) {
			continue
		}
		if err := th.SetRegisters(&before); err != nil {
			return 0, g.goneOr(th, err)
		}
		if int64(result) < 0 && int64(result) >= -4095 {
			return result, unix.Errno(-int64(result))
		}
		return result, nil
	}
}

// restarts reports whether the result is one of those by which the kernel knows
// on the way back that the call has to be made again: a signal interrupted it
// (ERESTARTSYS to ERESTART_RESTARTBLOCK in include/linux/errno.h).
func restarts(result uint64) bool {
	switch -int64(result) {
	case 512, 513, 514, 516:
		return true
	}
	return false
}

// Restarts reports of a thread that has stopped behind a system call whether it will make
// the call again, because it was interrupted before it did anything.
func (r *Regs) Restarts() bool { return restarts(r.syscallResult()) }

// syscallInstruction finds a system call instruction: in the vdso as a rule.
// The maps are those of a thread that is alive: a leader that left has none.
func (p *Process) syscallInstruction(tid int) (uint64, error) {
	if p.syscallAt != 0 {
		return p.syscallAt, nil
	}
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", tid))
	if err != nil {
		return 0, fmt.Errorf("find a system call instruction: %w", err)
	}
	var lines [][]byte
	for line := range bytes.Lines(maps) {
		if f := bytes.Fields(line); len(f) >= 2 && bytes.Contains(f[1], []byte("x")) && !bytes.Contains(line, []byte("[vsyscall]")) {
			if bytes.Contains(line, []byte("[vdso]")) {
				lines = append([][]byte{line}, lines...)
			} else {
				lines = append(lines, line)
			}
		}
	}
	for _, line := range lines {
		from, to, _ := bytes.Cut(bytes.Fields(line)[0], []byte("-"))
		lo, err1 := strconv.ParseUint(string(from), 16, 64)
		hi, err2 := strconv.ParseUint(string(to), 16, 64)
		if errors.Join(err1, err2) != nil {
			continue
		}
		buf := make([]byte, min(hi-lo, 4<<20))
		n, _ := p.ReadProgram(buf, lo)
		if i := bytes.Index(buf[:n], syscallInstruction); i >= 0 && i%syscallAlign == 0 {
			p.syscallAt = lo + uint64(i)
			return p.syscallAt, nil
		}
	}
	return 0, ErrNoSyscallInstruction
}
