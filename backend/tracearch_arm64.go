package backend

import (
	"github.com/argusdbg/argus/internal/insn"
	"github.com/argusdbg/argus/internal/record"
)

// storeOf: the hit came before the store (FACTS J2).
func storeOf(_ *insn.Cache, r *record.Record, _ uint64, _ int) (insn.Store, error) {
	return insn.WriterARM64(r.PC), nil
}

func storedBy(insn.Store, *record.Record) (insn.Value, bool) { return insn.Value{}, false }

func replacedBy(insn.Store, *record.Record) (insn.Value, bool) { return insn.Value{}, false }
