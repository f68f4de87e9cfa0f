package insn

import (
	"bytes"
	"encoding/hex"
	"testing"
)

func TestMove(t *testing.T) {
	const from, to = 0x401000, 0x400100 // to is 0xF00 before from
	for text, want := range map[string]string{
		"4889C8":                 "4889C8",               // MOV RAX, RCX
		"488B0510000000":         "488B05100F0000",       // MOV RAX, [RIP+0x10]
		"C7051000000011223344":   "C705100F000011223344", // MOV DWORD PTR [RIP+0x10], imm32
		"803D1000000007":         "803D100F000007",       // CMP BYTE PTR [RIP+0x10], imm8
		"48C705F0FFFFFF01000000": "48C705E00E000001000000",
		"F6051000000001":         "F605100F000001",       // TEST BYTE PTR [RIP+0x10], 1
		"F71510000000":           "F715100F0000",         // NOT DWORD PTR [RIP+0x10]
		"C5FA6F0510000000":       "C5FA6F05100F0000",     // VMOVDQU XMM0, [RIP+0x10]
		"660F3A0F051000000004":   "660F3A0F05100F000004", // PALIGNR XMM0, [RIP+0x10], 4
		"FF0510000000":           "FF05100F0000",         // INC DWORD PTR [RIP+0x10]
		"FF3510000000":           "FF35100F0000",         // PUSH [RIP+0x10]
		"90":                     "90", "A4": "A4", "0FA2": "0FA2", "0F1F4000": "0F1F4000", "C7001122334455": "C70011223344",
	} {
		var dst [MaxLen]byte
		n, ok := Move(dst[:], code(t, text), from, to)
		if !ok || !bytes.EqualFold(dst[:n], code(t, want)) {
			t.Errorf("%s: %x, %v, want %s", text, dst[:n], ok, want)
		}
	}
	for _, text := range []string{
		"7405", "0F8400000000", "E800000000", "E900000000", "EB05", "C3", "C20800", "CB", "CC", "CD80", "F1", "F4", "E2FE", "E3FE", // what goes elsewhere
		"FFD0", "FFE0", "FF1510000000", "FF2510000000", "0F05", "0F34", "0F0B", "0F01D0",
		"F3A4", "F348AB", "F2AE", "F3A6", "F3AC", "9C", "9D", "8ED0", "C7F800000000", "C6F800", "0FA9", "CF", "C8000000",
		"67488B0510000000", // addresses of 32 bits
		"488B", "06", "",   // no instruction
	} {
		var dst [MaxLen]byte
		if n, ok := Move(dst[:], code(t, text), from, to); ok {
			t.Errorf("%s is moved to %x", text, dst[:n])
		}
	}
	var dst [MaxLen]byte
	if _, ok := Move(dst[:], code(t, "488B0510000000"), 0x7f0000000000, to); ok {
		t.Error("an operand out of reach is moved")
	}
	if _, ok := Move(dst[:], code(t, "4889C8"), 0x7f0000000000, to); !ok {
		t.Error("what has no operand relative to the program counter goes everywhere")
	}
}

func TestBranch(t *testing.T) {
	const pc = 0x401000
	for text, want := range map[string]uint64{"EB05": pc + 7, "EBFE": pc, "E900010000": pc + 0x105, "E8FBFFFFFF": pc, "7405": pc + 2, "7505": pc + 7, "0F8510000000": pc + 0x16, "0F8410000000": pc + 6} {
		r := Regs{PC: pc}
		next, ret, call, ok := Branch(code(t, text), &r)
		if !ok || next != want || call != (text[:2] == "E8") || ret != pc+uint64(len(text)/2) {
			t.Errorf("%s: %#x, %#x, %v, %v", text, next, ret, call, ok)
		}
	}
	for _, text := range []string{"FFE0", "C3", "4889C8", "E2FE", "E3FE", "66E900000000", "67EB05", "", "0F05"} {
		if _, _, _, ok := Branch(code(t, text), &Regs{}); ok {
			t.Errorf("%s is followed", text)
		}
	}
}

func FuzzMove(f *testing.F) {
	for _, text := range []string{"488B0510000000", "C7051000000011223344", "7405", "F3A4", "C5FA6F0510000000"} {
		b, _ := hex.DecodeString(text)
		f.Add(b, uint64(0x401000), uint64(0x400100))
	}
	f.Fuzz(func(t *testing.T, code []byte, from, to uint64) {
		dst := make([]byte, MaxLen)
		n, ok := Move(dst, code, from, to)
		if !ok {
			return
		}
		var was, is inst
		if was.decode(code) != nil || is.decode(dst[:n]) != nil || int(was.len) != n || is.len != was.len {
			t.Fatalf("%x becomes %x", code, dst[:n])
		}
		if was.relative() && from+uint64(was.disp) != to+uint64(is.disp) {
			t.Fatalf("%x reads elsewhere as %x", code, dst[:n])
		}
		// Back again, it is the same.
		again := make([]byte, MaxLen)
		if m, ok := Move(again, dst[:n], to, from); !ok || !bytes.Equal(again[:m], code[:n]) {
			t.Fatalf("%x, %x, %x", code[:n], dst[:n], again[:m])
		}
	})
}
