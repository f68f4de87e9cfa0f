package insn

// arm64Len is the length of every A64 instruction in bytes.
const arm64Len = 4

// WriterARM64 returns the instruction of a hit on arm64. The hit comes before
// the store (FACTS J2), so that it is the one at pc, whatever it is: its Kind
// is Other, and the value written is read from memory after a single step.
// This file is built on every architecture.
func WriterARM64(pc uint64) Store {
	return Store{PC: pc, Len: arm64Len, Kind: Other}
}
