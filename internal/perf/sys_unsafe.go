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

// linkPerfEvent is BPF_PERF_EVENT of enum bpf_attach_type (include/uapi/linux/bpf.h).
const linkPerfEvent = 41

// createLink has a program run at the hits of an event. The descriptor that it returns keeps
// both.
func createLink(progFD, fd int, cookie uint64) (int, error) {
	attr := struct { // what BPF_LINK_CREATE needs of union bpf_attr (include/uapi/linux/bpf.h)
		prog, target, kind, flags uint32
		cookie                    uint64
		rest                      [5]uint64
	}{prog: uint32(progFD), target: uint32(fd), kind: linkPerfEvent, cookie: cookie}
	link, _, e := unix.Syscall(unix.SYS_BPF, unix.BPF_LINK_CREATE, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr))
	if e != 0 {
		return 0, e
	}
	return int(link), nil
}
