package insn

import (
	"encoding/binary"
	"math/rand/v2"
	"syscall"
	"testing"
	"unsafe"
)

// xstate reads or writes the vector registers of the process.
func (p *target) xstate(request uintptr, buf []byte) (int, error) {
	const ntX86Xstate = 0x202
	iov := syscall.Iovec{Base: &buf[0], Len: uint64(len(buf))}
	_, _, errno := syscall.Syscall6(syscall.SYS_PTRACE, request, uintptr(p.pid), ntX86Xstate, uintptr(unsafe.Pointer(&iov)), 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(iov.Len), nil
}

const (
	getRegset = 0x4204 // PTRACE_GETREGSET, PTRACE_SETREGSET
	setRegset = 0x4205
)

func (p *target) vectors() []byte {
	buf := make([]byte, 832)
	n, err := p.xstate(getRegset, buf)
	if err != nil {
		return nil
	}
	return buf[:n]
}

// setVectors fills them with noise.
func (p *target) setVectors(t *testing.T, random *rand.Rand) {
	buf := make([]byte, 64<<10)
	n, err := p.xstate(getRegset, buf)
	if err != nil {
		t.Fatal(err)
	}
	buf = buf[:n]
	present := uint64(hasSSE)
	for i := xsaveXMM; i < xsaveXMM+256; i++ {
		buf[i] = byte(random.Uint32())
	}
	if n >= xsaveYMM+256 {
		present |= hasAVX
		for i := xsaveYMM; i < xsaveYMM+256; i++ {
			buf[i] = byte(random.Uint32())
		}
	}
	header := buf[xsaveHeader:]
	binary.LittleEndian.PutUint64(header, binary.LittleEndian.Uint64(header)|present)
	if _, err := p.xstate(setRegset, buf); err != nil {
		t.Fatal(err)
	}
}
