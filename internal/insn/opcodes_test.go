package insn

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each record of everyOpcode is an instruction followed by enough NOPs for a
// disassembler to be in step again at the next record.
const recordSize = 32

// everyOpcode returns records for every opcode of every map under every
// mandatory prefix, with random operands.
func everyOpcode() []byte {
	random := rand.New(rand.NewPCG(2009, 7))
	var records []byte
	add := func(opcode ...byte) {
		record := bytes.Repeat([]byte{0x90}, recordSize)
		n := copy(record, opcode)
		for i := n; i < maxLen; i++ {
			record[i] = byte(random.Uint32())
		}
		records = append(records, record...)
	}
	for op := range 256 {
		op := byte(op)
		for _, prefix := range []string{"", "\x66", "\xF2", "\xF3", "\x48", "\x66\x4F", "\xF3\x48", "\x67", "\x64\x41", "\x66\xF2"} {
			p := []byte(prefix)
			for range 3 {
				add(append(p, op)...)
				add(append(p, 0x0F, op)...)
				add(append(p, 0x0F, 0x38, op)...)
				add(append(p, 0x0F, 0x3A, op)...)
			}
		}
		for vpp := range byte(8) { // L and pp
			v := byte(random.Uint32())&0x78 | vpp
			add(0xC5, v|0x80, op)
			add(0xC5, 0xF8|vpp, op) // no second source
			for m := byte(1); m <= 3; m++ {
				add(0xC4, 0xE0|m, v, op)
				add(0xC4, 0xE0|m, 0x78|vpp, op)
				add(0xC4, 0x00|m, v|0x80, op)
			}
			for _, m := range []byte{1, 2, 3, 5, 6} {
				z := byte(random.Uint32()) & 0x6F
				add(0x62, 0xF0|m, 0x7C|vpp&3, z&0x0F|0x08, op)
				add(0x62, 0xF0|m, 0xFC|vpp&3, z&0x47|0x48, op)
			}
			for m := byte(8); m <= 10; m++ {
				add(0x8F, 0xE0|m, v&^3, op)
			}
		}
	}
	return records
}

// TestEveryOpcodeAgainstObjdump compares all opcodes, also those that no
// compiler uses.
func TestEveryOpcodeAgainstObjdump(t *testing.T) {
	file := filepath.Join(t.TempDir(), "records")
	if err := os.WriteFile(file, everyOpcode(), 0o600); err != nil {
		t.Fatal(err)
	}
	count, bad, wrong := 0, 0, 0
	disassemble(t, file, func(l listing) {
		if l.at%recordSize != 0 {
			return
		}
		if l.data() {
			bad++
			return
		}
		count++
		if n, err := Len(l.code); err != nil || n != l.want() {
			if wrong++; wrong < 100 {
				t.Errorf("Len = %d, %v, want %d: %s", n, err, l.want(), strings.TrimSpace(l.line))
			}
		}
	}, "-D", "-b", "binary", "-m", "i386:x86-64")
	t.Logf("%d instructions, %d wrong, %d that objdump refuses", count, wrong, bad)
	if count < 15_000 {
		t.Errorf("only %d instructions compared", count)
	}
}
