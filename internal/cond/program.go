package cond

// Registers are those of a stopped thread, by their DWARF numbers: on amd64 RAX, RDX, RCX,
// RBX, RSI, RDI, RBP, RSP, R8 to R15 (System V ABI, AMD64 supplement, figure 3.36); on
// arm64 X0 to X30 and SP (DWARF for the Arm 64-bit Architecture, section 4.1).
type Registers [32]uint64

// Memory is the target's.
type Memory interface {
	ReadMemory(buf []byte, addr uint64) (int, error)
}

// Runtime knows which goroutine runs on the thread; 0 is none.
type Runtime interface {
	GoroutineID() int64
}

// Input is what a program is evaluated on.
type Input struct {
	Regs    *Registers
	Memory  Memory
	Runtime Runtime // asked only if the condition names the goroutine
	Thread  int     // id that the kernel gave the thread

	// The watched value before and after the access, nil if the condition is no
	// watchpoint's.
	Old, New []byte

	// Known is memory that has been read already, from KnownAt on.
	Known   []byte
	KnownAt uint64
}

// limits of a program.
const (
	maxStack   = 32   // words
	maxWindows = 8    // pieces of memory that are read in one go
	maxWindow  = 512  // bytes of one
	maxApart   = 128  // bytes between two variables in one
	room       = 2048 // bytes of all
)

// window is memory that a program reads in one go, when it first needs any of it.
type window struct {
	frame bool // from counts from the frame, else it is an address
	from  int64
	size  int
	at    int // where it is in the room
}

// Program is a compiled condition. It is of one place in the code.
type Program struct {
	code    []instr
	windows []window
	texts   []string
	frame   int64 // the frame's distance from the stack pointer

	// Room to work in.
	have uint16 // the windows that were read
	room [room]byte
	word [16]byte
	text [2][256]byte
	in   *Input
}

// instr is one instruction.
type instr struct {
	op     op
	size   uint8 // of the result in bytes; 0 of arithmetic: a constant's, which is as large as it must be
	signed bool
	imm    int64
}

// op is what an instruction does. The stack holds words of 64 bits; numbers are extended
// to them with or without their sign.
type op uint8

const (
	opConst     op = iota // push imm
	opReg                 // push register imm&0xff, shifted right by imm>>8 bits
	opFrame               // push the address of the frame + imm
	opWindow              // push what is in window imm>>32, at imm&0xffffffff
	opLoad                // pop an address, push what is there + imm
	opPair                // pop an address, push the words there + imm and after it
	opOld                 // push what is at imm in the value before
	opNew                 // and in the value after
	opGoroutine           // push the goroutine's id
	opThread              // push the thread's
	opAddr                // pop a pointer, push it + imm; it must not be nil
	opOffset              // pop an address, push it + imm
	opIndex               // pop index, length, address; push address + index * imm
	opText                // push a string of the program's own: number imm
	opNarrow              // to size bytes
	opUnsigned            // fails if the top is below zero
	opDouble              // the float of size bytes on the top becomes one of 8
	opFromInt             // the integer on the top becomes a float
	opNeg
	opInvert // ^x
	opNot    // !x
	opAdd
	opSub
	opMul
	opQuo
	opRem
	opAnd
	opOr
	opXor
	opAndNot
	opShl // imm is 1 if the count has a sign
	opShr
	opFloatNeg
	opFloatAdd
	opFloatSub
	opFloatMul
	opFloatQuo
	opEqual
	opNotEqual
	opLess
	opLessEqual
	opGreater
	opGreaterEqual
	opFloatCompare // imm is which of the six
	opTextCompare
	opJumpFalse // to imm, leaving the top there; pop it otherwise
	opJumpTrue
)

// stack is how many words an instruction takes and leaves.
func (o op) stack() (takes, leaves int) {
	switch o {
	case opConst, opReg, opFrame, opWindow, opOld, opNew, opGoroutine, opThread:
		return 0, 1
	case opText:
		return 0, 2
	case opPair:
		return 1, 2
	case opIndex:
		return 3, 1
	case opTextCompare:
		return 4, 1
	case opLoad, opAddr, opOffset, opNarrow, opUnsigned, opDouble, opFromInt, opNeg, opInvert, opNot, opFloatNeg:
		return 1, 1
	case opJumpFalse, opJumpTrue:
		return 1, 0
	}
	return 2, 1
}
