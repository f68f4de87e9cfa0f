package insn

// Kind is what sort of instruction made the access.
type Kind uint8

// The kinds. Every kind but Load and Other is certain to write memory.
const (
	// Other is everything else that can write: SETcc, POP to memory, XSAVE,
	// SYSCALL (the kernel writes)... and every instruction of arm64.
	Other Kind = iota
	// Plain is a MOV, MOVNTI, MOVBE or MOVDIRI from a general register, or of an immediate.
	Plain
	// Modify reads, computes and writes: ADD, INC, SHL, BTS...
	Modify
	// Exchange is XCHG, XADD, CMPccXADD, CMPXCHG, CMPXCHG8B or CMPXCHG16B.
	Exchange
	// String is MOVS, STOS or INS, repeated or not.
	String
	// Vector is a store of an MMX, SSE, AVX, AVX-512, mask or x87 register.
	Vector
	// Push is a PUSH, PUSHF or ENTER.
	Push
	// Call is a CALL: it wrote its return address.
	Call
	// Load only reads. A watchpoint for writes never meets it, one for reads
	// and writes does.
	Load
)

var kindNames = [...]string{"other", "plain", "modify", "exchange", "string", "vector", "push", "call", "load"}

// String returns the name of the kind in lower case.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// Store is an instruction that made an access.
type Store struct {
	PC   uint64 // address of the instruction
	Len  int    // its length in bytes
	Kind Kind

	in inst // not decoded (length 0) on arm64
}
