package record

func setPC(r *Regs, pc uint64) { r.PC = pc }

// registers are all that are known.
func registers(r *Regs) []uint64 { return append([]uint64{r.PC, r.Flags}, r.GPR[:]...) }
