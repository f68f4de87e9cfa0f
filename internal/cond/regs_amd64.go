package cond

// The stack pointer, and how many registers hold integers; see Registers.
const (
	spRegister   = 7
	numRegisters = 16
)
