package insn

import "errors"

// maxLen is the longest instruction in bytes: one more and the processor
// raises #GP (Intel SDM volume 2A, section 2.3.11).
const maxLen = 15

var (
	// ErrTruncated says that the code ends before the instruction does.
	ErrTruncated = errors.New("instruction is cut off")
	// ErrInvalid says that the bytes are no instruction in 64-bit mode.
	ErrInvalid = errors.New("not an instruction in 64-bit mode")
)

// Len returns the length in bytes, 1 to 15, of the 64-bit mode instruction at
// code[0]. It reads no byte behind that instruction.
//
// The error is [ErrTruncated] if code ends inside the instruction, and
// [ErrInvalid] if no processor would execute it. An opcode that is reserved
// today inside the maps of 0F 38, 0F 3A, VEX and EVEX has the length its map
// fixes for it, so that new instructions of a known shape can be walked over.
//
// Near branches with an operand-size prefix have the length that Intel
// processors give them (a 32-bit displacement; AMD's have 16 bits).
func Len(code []byte) (int, error) {
	var in inst
	if err := in.decode(code); err != nil {
		return 0, err
	}
	return int(in.len), nil
}
