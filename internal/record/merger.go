package record

import "slices"

// merger finds records that tell of the same store as the one before: a store that is wider
// than a slot, or that lies across two, hits several events, one right after the other. The
// first of its records has the whole value already.
type merger struct {
	on      bool
	threads map[int]*access
}

// access is what a thread did last.
type access struct {
	regs  Regs
	addrs []uint64 // of the events that it has hit
}

// more reports whether a record tells of a store that another has told of: of the same
// thread, which has changed no register since, and of another event. The same instruction
// with the same registers makes the same access; if it is made again, its events come
// again too.
func (m *merger) more(r *Record) bool {
	if !m.on || r.Kernel || !r.HasRegs {
		return false
	}
	a := m.threads[r.TID]
	if a == nil {
		if m.threads == nil {
			m.threads = map[int]*access{}
		}
		a = &access{}
		m.threads[r.TID] = a
	}
	if a.regs == r.Regs && len(a.addrs) > 0 && !slices.Contains(a.addrs, r.Addr) {
		a.addrs = append(a.addrs, r.Addr)
		return true
	}
	a.regs, a.addrs = r.Regs, append(a.addrs[:0], r.Addr)
	return false
}
