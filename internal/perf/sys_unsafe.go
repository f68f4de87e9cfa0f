package perf

import (
	"io"
	"unsafe"

	"golang.org/x/sys/unix"
)

// modifyAttributes is ioctl(fd, PERF_EVENT_IOC_MODIFY_ATTRIBUTES, a).
func modifyAttributes(fd int, a *unix.PerfEventAttr) error {
	_, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.PERF_EVENT_IOC_MODIFY_ATTRIBUTES, uintptr(unsafe.Pointer(a)))
	if e != 0 {
		return e
	}
	return nil
}

// readWords fills w with what the kernel returns for the descriptor of an event.
// io.EOF: the event is in an error state and counts nothing any more.
func readWords(fd int, w []uint64) error {
	n, _, e := unix.Syscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(w))), uintptr(8*len(w)))
	switch {
	case e != 0:
		return e
	case int(n) != 8*len(w):
		return io.EOF
	}
	return nil
}

// currentCPU returns the processor that the caller runs on, -1 if it cannot be
// told.
func currentCPU() int {
	var cpu uint32
	if _, _, e := unix.RawSyscall(unix.SYS_GETCPU, uintptr(unsafe.Pointer(&cpu)), 0, 0); e != 0 {
		return -1
	}
	return int(cpu)
}
