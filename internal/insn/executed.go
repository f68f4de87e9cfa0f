package insn

// Executed returns the instruction at pc, which has just been executed alone, and the
// bytes that it wrote by the registers as they are after it: size of them from addr on.
// Of a repeated string instruction that is the last iteration. Size is 0 where the
// registers do not tell, and for a Load, which writes nothing.
//
// It is for whoever stepped over the instruction, and so knows where it stands: none has
// to be looked for, and a CALL is found like any other. The error is a [*DecodeError].
func Executed(mem Code, pc uint64, regs *Regs) (store Store, addr uint64, size int, err error) {
	code := window{mem: mem, end: pc + maxLen}
	var in inst
	if err := code.decode(&in, pc); err != nil {
		return Store{}, 0, 0, err
	}
	store = in.store(pc)
	addr, size = store.wrote(regs)
	return store, addr, size, nil
}

// Executed does what the function of the same name does, and remembers what it decoded.
func (c *Cache) Executed(pc uint64, regs *Regs) (store Store, addr uint64, size int, err error) {
	store, known := c.alone[pc]
	if known {
		addr, size = store.wrote(regs)
		return store, addr, size, nil
	}
	if store, addr, size, err = Executed(c.mem, pc, regs); err != nil {
		return store, addr, size, err
	}
	if len(c.alone) >= c.max {
		clear(c.alone)
	}
	c.alone[pc] = store
	return store, addr, size, nil
}

// Stepped returns the bytes that the instruction at pc wrote, which has just been executed
// alone, as [Executed] does and a CALL's return address too. some is false if it writes to
// no memory.
func Stepped(mem Code, pc uint64, regs *Regs) (addr uint64, size int, some bool) {
	code := window{mem: mem, end: pc + maxLen}
	var in inst
	if code.decode(&in, pc) != nil {
		return 0, 0, true
	}
	if in.isCall() {
		return regs.GPR[regRSP], 8, true
	}
	if e := in.effect(); e.kind == Load || e.place == nowhere {
		return 0, 0, false
	}
	store := in.store(pc)
	addr, size = store.wrote(regs)
	return addr, size, true
}

// Writes returns the bytes that the instruction at code[0] is about to write, by the
// registers as they are before it: size of them from addr on, or 0 where the registers do
// not tell. some is false if it writes to no memory. What [Move] refuses counts as writing
// nobody knows where.
func Writes(code []byte, r *Regs) (addr uint64, size int, some bool) {
	var in inst
	if in.decode(code) != nil || in.stays() {
		return 0, 0, true
	}
	e := in.effect()
	e.clobber = 0 // nothing has changed yet
	switch {
	case e.kind == Load || e.place == nowhere:
		return 0, 0, false
	case e.place == stringed:
		return in.implicit(r, regRDI, 0), in.element(), true
	case in.opmap == mapOne && in.enc == legacy && in.op == 0x8F: // POP to memory, whose address may be of the stack pointer behind it
		return 0, 0, true
	}
	at, known := in.accessed(&e, r, r.PC+uint64(in.len))
	if !known {
		return 0, 0, true
	}
	if e.place == onStack {
		at.addr -= uint64(at.size)
	}
	return at.addr, at.size, true
}

// wrote returns the bytes that an instruction wrote; size is 0 if that is not known.
func (s *Store) wrote(r *Regs) (addr uint64, size int) {
	in := &s.in
	e := in.effect()
	switch {
	case e.kind == Load || e.place == nowhere:
		return 0, 0
	case e.place == stringed:
		addr, size = in.implicit(r, regRDI, 0), in.element()
		if r.Flags&flagDF == 0 {
			return addr - uint64(size), size
		}
		return addr + uint64(size), size
	}
	at, known := in.accessed(&e, r, s.next())
	if !known {
		return 0, 0
	}
	return at.addr, at.size
}
