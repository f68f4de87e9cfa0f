package record

import "github.com/argusdbg/argus/internal/perf"

// Regs are the registers of a thread.
type Regs struct {
	X      [31]uint64
	SP, PC uint64
}

// What a BPF program would find in struct user_pt_regs; none is used here, since
// bpfhit.Supported is false.
const (
	contextWords = 34
	callNumber   = 0
)

func fromContext(*Regs, []byte) {}

func fromSample(r *Regs, s *perf.Sample) {
	copy(r.X[:], s.Regs[:])
	r.SP, r.PC = s.Regs[31], s.Regs[32]
}
