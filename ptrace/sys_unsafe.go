package ptrace

import (
	"errors"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Requests and constants of include/uapi/linux/ptrace.h that x/sys/unix lacks,
// or has for some architectures only.
const (
	reqPeekUser    = 3
	reqPokeUser    = 6
	reqCont        = 7
	reqSingleStep  = 9
	reqDetach      = 17
	reqGetEventMsg = 0x4201
	reqGetSiginfo  = 0x4202
	reqSetSiginfo  = 0x4203
	reqGetRegSet   = 0x4204
	reqSetRegSet   = 0x4205
	reqSeize       = 0x4206
	reqInterrupt   = 0x4207
	reqListen      = 0x4208
	reqPeekSiginfo = 0x4209
	reqGetSigmask  = 0x420a

	eventStop = 128 // PTRACE_EVENT_STOP

	peekSiginfoShared = 1 // PTRACE_PEEKSIGINFO_SHARED

	ntPrstatus = 1
)

func ptraceCall(req, tid int, addr, data uintptr) error {
	_, _, e := unix.RawSyscall6(unix.SYS_PTRACE, uintptr(req), uintptr(tid), addr, data, 0, 0)
	if e != 0 {
		return e
	}
	return nil
}

// ptraceWith is ptraceCall for requests whose data is in our memory. A pointer
// may become a number only in the argument list of the system call itself
// (package unsafe, rule 4): a stack that grows on the way there is moved.
func ptraceWith(req, tid int, addr uintptr, data unsafe.Pointer) error {
	_, _, e := unix.RawSyscall6(unix.SYS_PTRACE, uintptr(req), uintptr(tid), addr, uintptr(data), 0, 0)
	if e != 0 {
		return e
	}
	return nil
}

// wait collects one wait status of the calling thread's own tracees and
// children. With WNOHANG tid is 0 when nothing has happened.
func wait(pid, flags int) (tid int, ws unix.WaitStatus, err error) {
	for {
		tid, err = unix.Wait4(pid, &ws, unix.WALL|unix.WNOTHREAD|flags, nil)
		if err != unix.EINTR {
			return tid, ws, err
		}
	}
}

// peekWait tells what wait would, and leaves it for wait to collect.
func peekWait(pid, flags int) (tid int, ws unix.WaitStatus, err error) {
	var si Siginfo
	which := uintptr(unix.P_PID)
	if pid < 0 {
		which, pid = unix.P_ALL, 0
	}
	for {
		// Blocks: the scheduler of Go has to know.
		_, _, e := unix.Syscall6(unix.SYS_WAITID, which, uintptr(pid), uintptr(unsafe.Pointer(&si)),
			uintptr(unix.WEXITED|unix.WNOWAIT|unix.WALL|unix.WNOTHREAD|flags), 0, 0)
		if e == unix.EINTR {
			continue
		}
		if e != 0 {
			return -1, 0, e
		}
		return si.Pid(), si.waitStatus(), nil
	}
}

// Siginfo is the kernel's siginfo_t (include/uapi/asm-generic/siginfo.h). The
// fields after Code depend on the signal: Pid, UID and Value are those of a
// signal that was sent, Addr that of a fault or debug exception.
type Siginfo struct {
	Signo, Errno, Code int32
	_                  int32
	fields             [14]uint64
}

// Addr is si_addr.
func (si *Siginfo) Addr() uint64 { return si.fields[0] }

// Pid is si_pid.
func (si *Siginfo) Pid() int { return int(int32(si.fields[0])) }

// Value is si_value.
func (si *Siginfo) Value() uint64 { return si.fields[1] }

// Fails to compile unless Siginfo has the kernel's size, 128 bytes.
var _ [128]byte = [unsafe.Sizeof(Siginfo{})]byte{}

func getSiginfo(tid int, si *Siginfo) error {
	return ptraceWith(reqGetSiginfo, tid, 0, unsafe.Pointer(si))
}

func setSiginfo(tid int, si *Siginfo) error {
	return ptraceWith(reqSetSiginfo, tid, 0, unsafe.Pointer(si))
}

// peekSiginfo finds a signal that is queued and not yet delivered, in the
// thread's own queue or in the one its process shares. match must not keep si.
func peekSiginfo(tid int, shared bool, match func(si *Siginfo) bool) (bool, error) {
	args := struct {
		off   uint64
		flags uint32
		nr    int32
	}{nr: 1}
	if shared {
		args.flags = peekSiginfoShared
	}
	var si Siginfo
	for {
		n, _, e := unix.RawSyscall6(unix.SYS_PTRACE, reqPeekSiginfo, uintptr(tid),
			uintptr(unsafe.Pointer(&args)), uintptr(unsafe.Pointer(&si)), 0, 0)
		if e != 0 {
			return false, e
		}
		if n == 0 {
			return false, nil
		}
		if match(&si) {
			return true, nil
		}
		args.off++
	}
}

// blockedSignals returns the signals that a stopped thread blocks, as maskOf has them.
func blockedSignals(tid int) (mask uint64, err error) {
	err = ptraceWith(reqGetSigmask, tid, unsafe.Sizeof(mask), unsafe.Pointer(&mask))
	return mask, err
}

func eventMsg(tid int) (int, error) {
	var msg uint64
	err := ptraceWith(reqGetEventMsg, tid, 0, unsafe.Pointer(&msg))
	return int(msg), err
}

func getRegSet(tid, which int, buf []byte) (int, error) {
	iov := unix.Iovec{Base: unsafe.SliceData(buf)}
	iov.SetLen(len(buf))
	err := ptraceWith(reqGetRegSet, tid, uintptr(which), unsafe.Pointer(&iov))
	return int(iov.Len), err
}

func setRegSet(tid, which int, buf []byte) error {
	iov := unix.Iovec{Base: unsafe.SliceData(buf)}
	iov.SetLen(len(buf))
	return ptraceWith(reqSetRegSet, tid, uintptr(which), unsafe.Pointer(&iov))
}

func getRegs(tid int, r *Regs) error {
	_, err := getRegSet(tid, ntPrstatus, unsafe.Slice((*byte)(unsafe.Pointer(r)), unsafe.Sizeof(*r)))
	return err
}

func setRegs(tid int, r *Regs) error {
	return setRegSet(tid, ntPrstatus, unsafe.Slice((*byte)(unsafe.Pointer(r)), unsafe.Sizeof(*r)))
}

// queueSignal sends sig with a value to a process (si_code SI_QUEUE).
func queueSignal(pid int, sig unix.Signal, value uint64) error {
	si := sentBy(sig, value)
	_, _, e := unix.RawSyscall(unix.SYS_RT_SIGQUEUEINFO, uintptr(pid), uintptr(sig), uintptr(unsafe.Pointer(&si)))
	if e != 0 {
		return e
	}
	return nil
}

// sentBy is a signal that this process sends with a value (si_code SI_QUEUE).
func sentBy(sig unix.Signal, value uint64) Siginfo {
	si := Siginfo{Signo: int32(sig), Code: siQueue}
	si.fields[0] = uint64(uint32(unix.Getpid())) | uint64(uint32(unix.Getuid()))<<32
	si.fields[1] = value
	return si
}

// queueToThread sends a signal to a thread with an origin of the caller's making,
// whose code must be below zero and not SI_TKILL.
func queueToThread(pid, tid int, si *Siginfo) error {
	_, _, e := unix.RawSyscall6(unix.SYS_RT_TGSIGQUEUEINFO, uintptr(pid), uintptr(tid), uintptr(si.Signo),
		uintptr(unsafe.Pointer(si)), 0, 0)
	if e != 0 {
		return e
	}
	return nil
}

// vmRead reads another process's memory; a short count without error means
// that the next byte is not readable this way.
func vmRead(pid int, buf []byte, addr uint64) (int, error) {
	local := unix.Iovec{Base: unsafe.SliceData(buf)}
	local.SetLen(len(buf))
	remote := unix.RemoteIovec{Base: uintptr(addr), Len: len(buf)}
	n, _, e := unix.RawSyscall6(unix.SYS_PROCESS_VM_READV, uintptr(pid),
		uintptr(unsafe.Pointer(&local)), 1, uintptr(unsafe.Pointer(&remote)), 1, 0)
	if e != 0 {
		return 0, e
	}
	return int(n), nil
}

// gone reports whether err says that the thread is being killed or is no more.
// Its end is then reported by wait.
func gone(err error) bool { return errors.Is(err, unix.ESRCH) }
