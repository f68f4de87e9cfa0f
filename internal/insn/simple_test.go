package insn

import (
	"errors"
	"testing"
)

// sheet is memory of which every 8 bytes hold the same.
type sheet []byte

func (s sheet) ReadMemory(buf []byte, addr uint64) (int, error) {
	if addr < 0x1000 {
		return 0, errors.New("nothing there")
	}
	return copy(buf, s), nil
}

func TestSimple(t *testing.T) {
	mem := sheet{0xF8, 0xF7, 0xF6, 0xF5, 0xF4, 0xF3, 0xF2, 0xF1}
	for text, want := range map[string]struct {
		reg   int
		value uint64
	}{
		"4889D8": {0, 0x9988776655443322}, "89D8": {0, 0x55443322}, "488BC3": {0, 0x9988776655443322}, "4C89D8": {0, 11},
		"488B4110": {0, 0xF1F2F3F4F5F6F7F8}, "8B4110": {0, 0xF4F5F6F7F8 & 0xFFFFFFFF}, "4C8B4110": {8, 0xF1F2F3F4F5F6F7F8},
		"0FB64110": {0, 0xF8}, "480FB74110": {0, 0xF7F8}, "488D4110": {0, 0x2010}, "8D4110": {0, 0x2010}, "488D0510000000": {0, 0x401017},
		"B8FFFFFFFF": {0, 0xFFFFFFFF}, "48B88877665544332211": {0, 0x1122334455667788}, "41BA01000000": {10, 1}, "48C7C0FFFFFFFF": {0, 1<<64 - 1}, "C7C0FFFFFFFF": {0, 0xFFFFFFFF},
		"90": {0, 77}, "0F1F4000": {0, 77},
	} {
		r := Regs{PC: 0x401000}
		r.GPR[regRAX], r.GPR[regRBX], r.GPR[regRCX], r.GPR[11] = 77, 0x9988776655443322, 0x2000, 11
		was := r
		var buf [8]byte
		if !Simple(code(t, text), &r, mem, &buf) || r.GPR[want.reg] != want.value || r.PC != 0x401000+uint64(len(text)/2) {
			t.Errorf("%s: %#x at %#x, want %#x", text, r.GPR[want.reg], r.PC, want.value)
		}
		r.GPR[want.reg], r.PC = was.GPR[want.reg], was.PC
		if r != was {
			t.Errorf("%s changes something else: %+v", text, r)
		}
	}
	for _, text := range []string{
		"488903", "8803", "C70301000000", "50", "31C0", "4801D8", "668B03", "658B03", "678B03", "8A03", "F3488B03", "E800000000", "C3", "4190", "F390", "0FB6C3", "488B", "",
		"488B042500000000", // nothing can be read there
	} {
		r := Regs{PC: 0x401000}
		var buf [8]byte
		if was := r; Simple(code(t, text), &r, mem, &buf) || r != was {
			t.Errorf("%s is executed: %+v", text, r)
		}
	}
}
