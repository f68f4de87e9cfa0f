package insn

import "testing"

// TestMayWrite: of what is not decoded nobody knows that it writes nothing.
func TestMayWrite(t *testing.T) {
	if s := WriterARM64(0x1000); !s.MayWrite() {
		t.Error("an instruction of arm64 is said to write nothing")
	}
}
