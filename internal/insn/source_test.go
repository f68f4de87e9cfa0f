package insn

import (
	"encoding/binary"
	"testing"
)

// checkSources checks that the values are where Sources says, and that it says where unless
// they are in no whole register.
func checkSources(t *testing.T, name string, s Store, r *Regs) {
	t.Helper()
	written, old := s.Sources()
	for _, c := range []struct {
		what  string
		from  Source
		value func(*Regs) (Value, bool)
	}{{"written", written, s.Written}, {"old", old, s.OldValue}} {
		v, told := c.value(r)
		if c.from.Origin == Nowhere {
			continue
		}
		word := c.from.Constant
		switch {
		case c.from.Origin == Register, c.from.Origin == Swapped && r.Flags&flagZF != 0:
			word = r.GPR[c.from.Register]
		case c.from.Origin == Swapped:
			word = r.GPR[regRAX]
		}
		mask := ^uint64(0) >> (64 - 8*c.from.Size)
		if got := binary.LittleEndian.Uint64(v.Data[:8]); told && (v.Size != c.from.Size || got != word&mask) {
			t.Errorf("%s: %s is %#x in %d bytes, %+v says %#x", name, c.what, got, v.Size, c.from, word&mask)
		}
	}
}

func TestSources(t *testing.T) {
	for _, c := range []struct {
		name, code   string
		written, old Source
	}{
		{"MOV", "488903", Source{Origin: Register, Register: regRAX, Size: 8}, Source{}},
		{"MOV from CL", "880B", Source{Origin: Register, Register: regRCX, Size: 1}, Source{}},
		{"MOV from AH", "8823", Source{}, Source{}},
		{"MOV of an immediate", "C703 FFFFFFFF", Source{Origin: Constant, Constant: ^uint64(0), Size: 4}, Source{}},
		{"XADD", "F0480FC10B", Source{}, Source{Origin: Register, Register: regRCX, Size: 8}},
		{"XCHG", "48870B", Source{}, Source{Origin: Register, Register: regRCX, Size: 8}},
		{"CMPXCHG", "F0480FB10B", Source{Origin: Swapped, Register: regRCX, Size: 8}, Source{Origin: Register, Register: regRAX, Size: 8}},
		{"INC", "48FF03", Source{}, Source{}},
		{"MOVUPS", "0F1103", Source{}, Source{}},
	} {
		var in inst
		if err := in.decode(code(t, c.code)); err != nil {
			t.Fatal(err)
		}
		if written, old := in.store(entry).Sources(); written != c.written || old != c.old {
			t.Errorf("%s: %+v, %+v", c.name, written, old)
		}
	}
	if written, old := (Store{}).Sources(); written != (Source{}) || old != (Source{}) {
		t.Error("an instruction that is not known has sources")
	}
}
