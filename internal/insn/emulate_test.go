package insn

import (
	"encoding/hex"
	"errors"
	"testing"
)

// noMemory cannot be read.
type noMemory struct{}

func (noMemory) ReadMemory([]byte, uint64) (int, error) { return 0, errors.New("none") }

// TestNotEmulated: what Emulate leaves to the processor, and why.
func TestNotEmulated(t *testing.T) {
	for text, why := range map[string]string{
		"488B03": "only reads", "0F1103": "no vector registers", "0F7F03": "an MMX register", "6748AB": "another size of addresses", "E800000000": "a call", "FF33": "reads memory to push it",
		"48FF03": "what it adds to cannot be read", "0FC70B": "eight bytes of two registers", "C303": "no store", "48": "cut off", "": "nothing",
	} {
		r := Regs{PC: 0x401000}
		r.GPR[regRBX], r.GPR[regRSP] = 0x500000, 0x600000
		was := r
		if addr, data, ok := Emulate(code(t, text), noMemory{}, &r, nil, &[32]byte{}); ok || r != was {
			t.Errorf("%s (%s): % x at %#x, %v", text, why, data, addr, ok)
		}
	}
}

// TestTrapFlag: a program that traps itself behind each instruction is to be trapped.
func TestTrapFlag(t *testing.T) {
	for _, flags := range []uint64{0, flagTF} {
		r := Regs{PC: 0x401000, Flags: flags}
		if _, _, ok := Emulate(code(t, "488903"), noMemory{}, &r, nil, &[32]byte{}); ok != (flags == 0) {
			t.Errorf("flags %#x: emulated is %v", flags, ok)
		}
	}
}

// FuzzEmulate: whatever the code is, registers are changed only with a write, which has a
// size that exists.
func FuzzEmulate(f *testing.F) {
	for _, text := range []string{"488903", "F0480FC103", "66FF03", "6A80", "0F9403", "64488903", "F348AB", "48A5", "0F1103", "C5FE7F03"} {
		b, _ := hex.DecodeString(text)
		f.Add(b, uint64(0x500000))
	}
	f.Fuzz(func(t *testing.T, code []byte, seed uint64) {
		r := Regs{PC: 0x401000, Flags: seed}
		for i := range r.GPR {
			r.GPR[i] = seed * uint64(i+1)
		}
		was := r
		_, data, ok := Emulate(code, zeroes{}, &r, func() []byte { return make([]byte, 832) }, &[32]byte{})
		n, err := Len(code)
		switch {
		case !ok && r != was:
			t.Fatalf("% x: changed", code)
		case ok && (err != nil || r.PC != was.PC+uint64(n) && r.PC != was.PC || len(data) < 1 || len(data) > 32):
			t.Fatalf("% x: at %#x with %d bytes, length %d (%v)", code, r.PC, len(data), n, err)
		}
	})
}

// zeroes is memory that has nothing else.
type zeroes struct{}

func (zeroes) ReadMemory(buf []byte, _ uint64) (int, error) { clear(buf); return len(buf), nil }
