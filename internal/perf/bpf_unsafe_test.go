package perf

import (
	"os"
	"runtime"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/hwbp"
)

// program loads a BPF program for perf events that returns result.
func program(t testing.TB, result uint32) (fd int) {
	t.Helper()
	// r0 = result; exit (Documentation/bpf/standardization/instruction-set.rst).
	code := [2]uint64{0xb7 | uint64(result)<<32, 0x95}
	license := [4]byte{'G', 'P', 'L', 0}
	attr := struct { // what BPF_PROG_LOAD needs of union bpf_attr (include/uapi/linux/bpf.h)
		kind, count   uint32
		code, license uint64
		rest          [6]uint32
	}{
		kind: unix.BPF_PROG_TYPE_PERF_EVENT, count: uint32(len(code)),
		code: uint64(uintptr(unsafe.Pointer(&code))), license: uint64(uintptr(unsafe.Pointer(&license))),
	}
	var pin runtime.Pinner
	defer pin.Unpin()
	pin.Pin(&code)
	pin.Pin(&license)
	got, _, e := unix.Syscall(unix.SYS_BPF, unix.BPF_PROG_LOAD, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr))
	if e == unix.EPERM && os.Geteuid() != 0 {
		t.Skip("BPF takes privileges")
	}
	if e != 0 {
		t.Fatal(e)
	}
	t.Cleanup(func() { unix.Close(int(got)) })
	return int(got)
}

// TestBPF: a program that returns 0 keeps the thread running, and the count right.
func TestBPF(t *testing.T) {
	x := start(t)
	for result := range uint32(2) {
		e := x.open(0, x.point(0, hwbp.Write), Options{Sigtrap: true})
		prog := program(t, result)
		must(t, e.SetBPF(prog))
		if err := e.SetBPF(prog); err == nil {
			t.Error("an event takes two programs")
		}
		x.tell(0, opStore, 0, 20)
		x.counted(e, 20)
		must(t, e.Close())
		want := 20 * uint64(result)
		if n, lost := uint64(len(x.taken())), x.lost(); n > want || n+lost < want {
			t.Errorf("with a program that returns %d there were %d stops", result, n)
		}
	}
}
