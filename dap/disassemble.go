package dap

import (
	"errors"
	"fmt"
	"math"

	"github.com/google/go-dap"

	"github.com/argusdbg/argus/backend"
)

// maxInstructions is how many are disassembled at once.
const maxInstructions = 100_000

// onDisassemble returns instructions around an address: as many as are asked for, with
// invalid ones in place of those that there are not.
func onDisassemble(s *session, r *request, args *dap.DisassembleArguments) (any, error) {
	refuse := func(err error) (any, error) { return nil, fail(idDisassemble, "Unable to disassemble", err) }
	if args.InstructionCount < 0 || args.InstructionCount > maxInstructions {
		return refuse(fmt.Errorf("%d instructions cannot be had at once: ask for 0 to %d", args.InstructionCount, maxInstructions))
	}
	if args.InstructionOffset < -maxInstructions || args.InstructionOffset > maxInstructions {
		return refuse(fmt.Errorf("an offset of %d instructions is too far: up to %d are counted", args.InstructionOffset, maxInstructions))
	}
	addr, err := address(args.MemoryReference, 0)
	if err != nil {
		return refuse(err)
	}
	if addr == 0 || addr == math.MaxUint64 { // what we gave out for those that there are not
		return invalidInstructions(addr, args.InstructionCount), nil
	}
	if addr, err = address(args.MemoryReference, args.Offset); err != nil {
		return refuse(err)
	}
	list, err := s.target.Disassemble(r.ctx, addr, -args.InstructionOffset, args.InstructionCount)
	if err != nil {
		return refuse(err)
	}
	body := &dap.DisassembleResponseBody{Instructions: make([]dap.DisassembledInstruction, len(list))}
	begun := false
	var last backend.Instruction
	for i, in := range list {
		if !in.Valid() {
			body.Instructions[i] = invalidInstruction(outside(begun))
			continue
		}
		out := dap.DisassembledInstruction{Address: fmt.Sprintf("%#x", in.Addr), InstructionBytes: fmt.Sprintf("%x", in.Bytes), Instruction: in.Text}
		if args.ResolveSymbols && in.Function != "" {
			out.Symbol = in.Function
			if in.Offset > 0 {
				out.Symbol += fmt.Sprintf("+%#x", in.Offset)
			}
		}
		if !begun || in.File != last.File || in.Line != last.Line {
			if out.Location = s.source(in.File); out.Location != nil {
				out.Line = in.Line
			}
		}
		begun, last = true, in
		body.Instructions[i] = out
	}
	if len(list) > 0 && !begun {
		return refuse(errors.New("could not find memory reference: no code is there"))
	}
	return body, nil
}

// outside is the address of what is no instruction: before the first that there is, or
// behind the last. It can still be read as a number.
func outside(begun bool) uint64 {
	if begun {
		return math.MaxUint64
	}
	return 0
}

func invalidInstruction(addr uint64) dap.DisassembledInstruction {
	return dap.DisassembledInstruction{Address: fmt.Sprintf("%#x", addr), Instruction: "invalid instruction"}
}

func invalidInstructions(addr uint64, n int) *dap.DisassembleResponseBody {
	body := &dap.DisassembleResponseBody{Instructions: make([]dap.DisassembledInstruction, n)}
	for i := range body.Instructions {
		body.Instructions[i] = invalidInstruction(addr)
	}
	return body
}
