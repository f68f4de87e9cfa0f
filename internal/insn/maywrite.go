package insn

// MayWrite reports whether the instruction can have written to memory at all. Where it can
// and Executed does not know where, only memory itself tells. What a call pushes onto the stack
// does not count.
func (s *Store) MayWrite() bool {
	if s.in.len == 0 { // of an architecture that is not decoded
		return true
	}
	e := s.in.effect()
	return e.place != nowhere && e.kind != Load
}
