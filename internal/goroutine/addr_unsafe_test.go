package goroutine

import "unsafe"

// addrOf is where data is in our own memory.
func addrOf(data []byte) uint64 { return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(data)))) }
