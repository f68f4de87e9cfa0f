package main

import (
	"syscall"
	"unsafe"
)

// action is rt_sigaction(2), on the alternate stack that Go gives to each thread.
func action(sig syscall.Signal, handler, restorer uintptr) {
	act := struct {
		handler  uintptr
		flags    uint64
		restorer uintptr
		mask     uint64
	}{handler, saRestorer | saOnStack | saRestart, restorer, 0}
	call(syscall.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(&act)), 0, 8)
}

// alternate has signals be handled on another stack, and returns that on which they were.
func alternate(stack []byte) (was []byte) {
	type stackT struct { // stack_t
		sp    *byte
		flags int32
		_     int32
		size  uint64
	}
	now, old := stackT{sp: &stack[0], size: uint64(len(stack))}, stackT{}
	call(syscall.SYS_SIGALTSTACK, uintptr(unsafe.Pointer(&now)), uintptr(unsafe.Pointer(&old)))
	return unsafe.Slice(old.sp, old.size)
}

// include/uapi/asm-generic/signal-defs.h, arch/x86/include/uapi/asm/signal.h
const (
	saRestorer = 0x04000000
	saOnStack  = 0x08000000
	saRestart  = 0x10000000
)

// mask sets which signals are blocked, and returns those that were. A set has a bit for each
// signal but 0.
func mask(set uint64) (old uint64) {
	const setMask = 2 // SIG_SETMASK
	call(syscall.SYS_RT_SIGPROCMASK, setMask, uintptr(unsafe.Pointer(&set)), uintptr(unsafe.Pointer(&old)), unsafe.Sizeof(set))
	return old
}
