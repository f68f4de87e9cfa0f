package kfilter

import (
	"testing"

	"github.com/argusdbg/argus/internal/insn"
)

// TestLearn: places are found again, and refused when there is no room for them, or when the
// access is not of the whole value.
func TestLearn(t *testing.T) {
	f := mustLoad(t, counting())
	register := insn.Source{Origin: insn.Register, Register: 3, Size: 4}
	learned := 0
	for pc := uint64(0x400000); pc < 0x400000+2*rules; pc++ {
		before := f.Knows(pc)
		if f.Learn(pc, register, insn.Source{}) {
			learned++
		}
		if before || f.Knows(pc) != f.Learn(pc, register, insn.Source{}) {
			t.Fatalf("%#x is known before it is learned, or not after", pc)
		}
	}
	if learned != rules {
		t.Errorf("%d places are known, of %d", learned, rules)
	}
	g := mustLoad(t, counting())
	wide := insn.Source{Origin: insn.Constant, Size: 8}
	if g.Learn(0x400000, wide, insn.Source{}) || g.Learn(0x400000, insn.Source{}, wide) || g.Learn(0, register, insn.Source{}) || g.Knows(0x400000) {
		t.Error("what cannot be compared is learned")
	}
}
