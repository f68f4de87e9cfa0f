package doctor

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// loadProgram loads a BPF program for perf events that returns 0, and drops it.
func loadProgram() error {
	// r0 = 0; exit (Documentation/bpf/standardization/instruction-set.rst).
	code := [2]uint64{0x00000000_000000b7, 0x00000000_00000095}
	license := [4]byte{'G', 'P', 'L', 0}
	// The first members of union bpf_attr for BPF_PROG_LOAD
	// (include/uapi/linux/bpf.h); the kernel takes the rest as zero.
	attr := struct {
		progType, insnCount      uint32
		insns, license           uint64
		logLevel, logSize        uint32
		logBuf                   uint64
		kernelVersion, progFlags uint32
	}{
		progType: unix.BPF_PROG_TYPE_PERF_EVENT, insnCount: uint32(len(code)),
		insns: uint64(uintptr(unsafe.Pointer(&code))), license: uint64(uintptr(unsafe.Pointer(&license))),
	}
	// The kernel reads both through addresses that the collector does not see.
	var pin runtime.Pinner
	defer pin.Unpin()
	pin.Pin(&code)
	pin.Pin(&license)
	fd, _, e := unix.Syscall(unix.SYS_BPF, unix.BPF_PROG_LOAD, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr))
	if e != 0 {
		return e
	}
	return unix.Close(int(fd))
}
