package record

import (
	"strconv"

	"github.com/cilium/ebpf/asm"

	"github.com/argusdbg/argus/internal/bpfhit"
)

// walkPiece is how many bytes of the stack are read at once. Most frames of Go are smaller
// by far: several of them are in one piece.
const walkPiece = 512

// frameWords is what is read of a frame: where that of the caller is, and the return address.
const frameWords = 16

// walk follows the frame pointers of a thread that was hit in user mode, as the kernel's own
// helper does (perf_callchain_user in arch/x86/events/core.c), which reads word by word and
// takes 60 ns for a frame: this reads pieces, which are in the map meanwhile. It puts
// the addresses into the record in R9, their length in bytes into R0, and goes to label
// "walked"; where it cannot read, to "helper", and so does nothing for the kernel's own
// accesses. R6 is the context; it takes R7 and R8.
func (p *parts) walk() asm.Instructions {
	c := asm.Instructions{
		asm.LoadMem(asm.R1, asm.RFP, slotFlags, asm.DWord),
		asm.And.Imm(asm.R1, flagKernel),
		asm.JNE.Imm(asm.R1, 0, "helper"),
	}
	c = append(c, bpfhit.Set(slotAny, 0)...)
	c = append(c,
		asm.LoadMapPtr(asm.R1, p.piece),
		asm.Mov.Reg(asm.R2, asm.RFP),
		asm.Add.Imm(asm.R2, slotAny),
		asm.FnMapLookupElem.Call(),
		asm.JEq.Imm(asm.R0, 0, "helper"),
		asm.Mov.Reg(asm.R7, asm.R0),
	)
	c = append(c, move(asm.R9, atStack, asm.R6, bpfhit.PC)...)
	c = append(c, asm.LoadMem(asm.R4, asm.R6, bpfhit.FP, asm.DWord), asm.Mov.Imm(asm.R8, 0))
	for i := 1; i < p.depth; i++ {
		here, last := "frame"+strconv.Itoa(i), int32(8*i)
		c = append(c,
			asm.Mov.Imm(asm.R0, last), // so far
			asm.JEq.Imm(asm.R4, 0, "walked"),
			asm.Mov.Reg(asm.R3, asm.R4),
			asm.Sub.Reg(asm.R3, asm.R8), // where it is in the piece
		)
		if i > 1 { // there is a piece
			c = append(c, asm.JLE.Imm(asm.R3, walkPiece-frameWords, here))
		}
		c = append(c,
			asm.Mov.Reg(asm.R8, asm.R4),
			asm.Mov.Reg(asm.R1, asm.R7),
			asm.Mov.Imm(asm.R2, walkPiece),
			asm.Mov.Reg(asm.R3, asm.R4),
			asm.FnProbeReadUser.Call(),
			asm.JNE.Imm(asm.R0, 0, "helper"),
			asm.Mov.Imm(asm.R3, 0),
			asm.Mov.Reg(asm.R1, asm.R7).WithSymbol(here),
			asm.Add.Reg(asm.R1, asm.R3),
			asm.LoadMem(asm.R2, asm.R1, 8, asm.DWord),
			asm.StoreMem(asm.R9, int16(atStack)+int16(last), asm.R2, asm.DWord),
			asm.LoadMem(asm.R4, asm.R1, 0, asm.DWord),
		)
	}
	return append(c, asm.Mov.Imm(asm.R0, int32(8*p.depth)), asm.Ja.Label("walked"))
}
