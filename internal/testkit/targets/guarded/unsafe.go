package main

import "unsafe"

// address does not let what it points to escape.
func address[T any](p *T) uintptr { return uintptr(unsafe.Pointer(p)) }
