package insn

// Origin is where the registers, as they are after a store, have a value.
type Origin uint8

// Origins.
const (
	Nowhere  Origin = iota // the registers do not tell
	Register               // in one of Regs.GPR
	Constant               // in the instruction
	// Swapped is what a compare-and-exchange leaves: a register's value if it has succeeded
	// (the zero flag is set), otherwise what was there and is in RAX now.
	Swapped
)

// Source says where a value comes from without that registers are known.
type Source struct {
	Origin   Origin
	Register int    // index in Regs.GPR
	Constant uint64 // its low Size bytes count
	Size     int    // bytes, 1 to 8; 0 if Origin is Nowhere
}

// Sources says where [Store.Written] and [Store.OldValue] have the values from: as it is the
// same each time that the instruction is executed, others can find them there. What is not in
// one whole register, or its low bytes, is Nowhere, and so is what an address has to be known
// for.
func (s Store) Sources() (written, old Source) {
	if s.in.len == 0 {
		return written, old
	}
	in := &s.in
	e := in.effect()
	if e.size < 1 || e.size > 8 {
		return written, old
	}
	from := func() Source {
		r := in.source(e.size)
		if r.high {
			return Source{}
		}
		return Source{Origin: Register, Register: int(r.index), Size: e.size}
	}
	switch {
	case s.Kind == Plain && in.opmap == mapOne && in.op >= 0xC6:
		written = Source{Origin: Constant, Constant: uint64(in.imm), Size: e.size}
	case s.Kind == Plain && in.moffs:
		written = Source{Origin: Register, Register: regRAX, Size: e.size}
	case s.Kind == Plain && in.opmap == map0F38 && in.op == 0xF1: // MOVBE
	case s.Kind == Plain:
		written = from()
	case s.Kind == Exchange && in.op == 0xC7: // CMPXCHG8B, CMPXCHG16B
	case s.Kind == Exchange && in.comparesAndSwaps():
		if written = from(); written.Origin == Register {
			written.Origin = Swapped
		}
		old = Source{Origin: Register, Register: regRAX, Size: e.size}
	case s.Kind == Exchange:
		old = from()
	}
	return written, old
}
