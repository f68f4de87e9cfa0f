package insn

// windowSize is how much code is read at a time: a page.
const windowSize = 4096

// window decodes code that it reads piece by piece.
type window struct {
	mem  Code
	end  uint64 // no byte is read from here on
	base uint64
	buf  []byte // the code at base
	room []byte
	err  error // why buf is shorter than asked for
}

// decode decodes the instruction at addr, which is below end.
func (w *window) decode(in *inst, addr uint64) error {
	ahead := min(w.end-addr, maxLen)
	if off := addr - w.base; off > uint64(len(w.buf)) || uint64(len(w.buf))-off < ahead {
		w.fill(addr)
	}
	err := in.decode(w.buf[addr-w.base:])
	switch {
	case err == nil:
		return nil
	case err == ErrTruncated && w.err != nil:
		return w.err
	}
	return &DecodeError{Addr: addr, Err: err}
}

// fill reads from addr. Memory may end before the function does; that is an
// error only if an instruction is needed from there.
func (w *window) fill(addr uint64) {
	n := min(w.end-addr, windowSize)
	if w.room == nil {
		w.room = make([]byte, n)
	}
	got, err := w.mem.ReadMemory(w.room[:n], addr)
	got = min(max(got, 0), int(n))
	w.base, w.buf, w.err = addr, w.room[:got], nil
	if uint64(got) < n {
		if err == nil {
			err = errShort
		}
		w.err = &DecodeError{Addr: addr + uint64(got), Err: err}
	}
}
