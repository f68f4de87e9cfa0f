package main

import "unsafe"

// unreadable points to where nothing is mapped.
func unreadable() *int { return (*int)(unsafe.Add(unsafe.Pointer(nil), 1<<16)) }

func rawPointer(p *point) unsafe.Pointer { return unsafe.Pointer(p) }
