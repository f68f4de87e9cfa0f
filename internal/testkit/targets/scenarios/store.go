package main

// store16 writes v to both words by one instruction.
//
//go:noescape
func store16(p *[2]uint64, v uint64)
