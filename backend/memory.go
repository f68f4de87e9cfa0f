package backend

import "context"

// ReadMemory reads the program's memory, all of buf or none.
func (s *Session) ReadMemory(ctx context.Context, addr uint64, buf []byte) error {
	return s.do(ctx, func() error {
		_, err := s.readProgram(buf, addr)
		return err
	})
}

// readProgram reads memory without breakpoints.
func (d *debuggee) readProgram(buf []byte, addr uint64) (int, error) {
	if d.process == nil { // a core file
		return d.target.Memory().ReadMemory(buf, addr)
	}
	return d.process.ReadProgram(buf, addr)
}

// WriteMemory writes the program's memory. Watchpoints do not fire for it.
func (s *Session) WriteMemory(ctx context.Context, addr uint64, data []byte) error {
	return s.do(ctx, func() error {
		if err := s.live(); err != nil {
			return err
		}
		_, err := s.target.Memory().WriteMemory(addr, data)
		s.forgive()
		return err
	})
}

// forgive takes the values as they are: we have written them ourselves.
func (s *Session) forgive() {
	s.views.writes++
	s.forgiveTraces()
	for _, w := range s.watches {
		if w.whole != nil {
			u := w.whole.object.Changed(w.whole.object.Ranges()...)
			w.follows(&u)
			continue
		}
		if _, err := w.of.target.Memory().ReadMemory(w.now, w.addr); err == nil {
			copy(w.last, w.now)
			copy(w.seen, w.now)
			w.found(w.now)
		}
	}
}

// ReadAvailable reads the program's memory from addr as far as it goes: it returns how
// many bytes of buf it has read, and an error if that is none.
func (s *Session) ReadAvailable(ctx context.Context, addr uint64, buf []byte) (int, error) {
	n := 0
	err := s.do(ctx, func() error {
		var err error
		if n, err = s.readProgram(buf, addr); n > 0 {
			return nil
		}
		return err
	})
	return n, err
}
