package record

import (
	"encoding/binary"

	"github.com/argusdbg/argus/internal/insn"
	"github.com/argusdbg/argus/internal/perf"
)

// Regs are the registers of a thread.
type Regs = insn.Regs

// What a BPF program finds in struct pt_regs (arch/x86/include/uapi/asm/ptrace.h).
const (
	contextWords = 21
	callNumber   = 15 * 8 // of orig_ax
)

// contextOrder is which word of struct pt_regs each of insn.Regs' registers is.
var contextOrder = [16]int{10, 11, 12, 5, 19, 4, 13, 14, 9, 8, 7, 6, 3, 2, 1, 0}

// fromContext decodes struct pt_regs.
func fromContext(r *Regs, b []byte) {
	word := func(i int) uint64 { return binary.NativeEndian.Uint64(b[8*i:]) }
	for i, at := range contextOrder {
		r.GPR[i] = word(at)
	}
	r.PC, r.Flags, r.FSBase, r.GSBase = word(16), word(18), 0, 0
}

// sampleOrder is which register of a sample each of insn.Regs' is: see perf.RegMask.
var sampleOrder = [16]int{0, 2, 3, 1, 7, 6, 4, 5, 10, 11, 12, 13, 14, 15, 16, 17}

func fromSample(r *Regs, s *perf.Sample) {
	for i, at := range sampleOrder {
		r.GPR[i] = s.Regs[at]
	}
	r.PC, r.Flags, r.FSBase, r.GSBase = s.Regs[8], s.Regs[9], 0, 0
}
