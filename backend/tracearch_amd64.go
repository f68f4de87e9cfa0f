package backend

import (
	"github.com/argusdbg/argus/internal/insn"
	"github.com/argusdbg/argus/internal/record"
)

// storeOf finds the instruction that made a record's write.
func storeOf(c *insn.Cache, r *record.Record, addr uint64, size int) (insn.Store, error) {
	return c.Writer(&r.Regs, addr, size)
}

// storedBy is what the registers tell of the value that was written.
func storedBy(s insn.Store, r *record.Record) (insn.Value, bool) {
	if s.Len == 0 || !r.HasRegs {
		return insn.Value{}, false
	}
	return s.Written(&r.Regs)
}

// replacedBy is what the registers tell of the value that was there before.
func replacedBy(s insn.Store, r *record.Record) (insn.Value, bool) {
	if s.Len == 0 || !r.HasRegs {
		return insn.Value{}, false
	}
	return s.OldValue(&r.Regs)
}
