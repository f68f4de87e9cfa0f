package insn

import "testing"

func TestWriterARM64(t *testing.T) {
	s := WriterARM64(0x10004)
	if s.PC != 0x10004 || s.Len != 4 || s.Kind != Other {
		t.Errorf("%+v", s)
	}
	r := new(Regs)
	if v, ok := s.Written(r); ok {
		t.Errorf("says what was written before it was: %+v", v)
	}
	if v, ok := s.OldValue(r); ok {
		t.Errorf("says what was replaced: %+v", v)
	}
}
