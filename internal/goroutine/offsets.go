package goroutine

// Offsets are where a Reader finds the fields that say which goroutine runs on a thread,
// for others who look for it (package record).
type Offsets struct{ ID, StartPC, M, Current uint64 } // of g.goid, g.startpc, g.m and m.curg

// Offsets returns them.
func (r *Reader) Offsets() Offsets {
	return Offsets{ID: r.goid, StartPC: r.startPC, M: r.m, Current: r.mCurg}
}

// Sched is where runtime.g has the registers of a goroutine that does not run, a gobuf.
func (r *Reader) Sched() uint64 { return r.sched }
