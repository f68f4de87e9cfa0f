package ptrace

import "unsafe"

func peekUser(tid int, offset uintptr) (uint64, error) {
	var v uint64
	err := ptraceWith(reqPeekUser, tid, offset, unsafe.Pointer(&v))
	return v, err
}

func pokeUser(tid int, offset uintptr, v uint64) error {
	return ptraceCall(reqPokeUser, tid, offset, uintptr(v))
}
