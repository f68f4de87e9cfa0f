package kfilter

// There are no filters (bpfhit.Supported): nothing is looked up.
var registers = [1]int16{}

const (
	flags    = 0
	zeroFlag = 0
)
