package goroutine

import "fmt"

// One reads the goroutine whose runtime.g is at addr. Its ID tells whether it is still the
// one that was there before: the runtime uses a runtime.g again.
func (r *Reader) One(mem Memory, addr uint64) (G, error) {
	var buf [maxG]byte
	p := Piece{Addr: addr, Buf: buf[:r.all.size]}
	if _, err := mem.ReadMemory(p.Buf, addr); err != nil {
		return G{}, fmt.Errorf("read runtime.g: %w", err)
	}
	return r.all.parse(&p, 0), nil
}

// Alive reports whether there is still a goroutine.
func (g *G) Alive() bool { return g.ID != 0 && !g.Status.dead() }

// Running returns the runtime.g of the user's goroutine on a thread whose own is at addr.
// own is whether that is it, and not one that schedules or handles signals: then the
// thread is on another stack. User is 0 if there is none.
func (r *Reader) Running(mem Memory, addr uint64) (user uint64, own bool, err error) {
	if addr == 0 {
		return 0, false, nil
	}
	var buf [maxG]byte
	b := buf[:r.size]
	if _, err := mem.ReadMemory(b, addr); err != nil {
		return 0, false, fmt.Errorf("read runtime.g: %w", err)
	}
	word := func(b []byte, at uint64) uint64 { return field{int(at), 8}.in(b) }
	if word(b, r.goid) != 0 {
		return addr, true, nil
	}
	m := word(b, r.m)
	if m == 0 {
		return 0, false, nil
	}
	var curg [8]byte
	if _, err := mem.ReadMemory(curg[:], m+r.mCurg); err != nil {
		return 0, false, fmt.Errorf("read runtime.m: %w", err)
	}
	return word(curg[:], 0), false, nil
}
