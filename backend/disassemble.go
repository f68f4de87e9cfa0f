package backend

import (
	"context"
	"fmt"
	"slices"
	"sort"

	"github.com/go-delve/delve/pkg/proc"
)

// Instruction is a machine instruction of the program.
type Instruction struct {
	Addr     uint64
	Bytes    []byte // as in the program's file, without breakpoints; empty: there is no instruction here
	Text     string // Go assembler syntax
	Function string // that contains it; "" if unknown
	Offset   uint64 // from the start of Function
	File     string
	Line     int
	Call     string // the function that it calls; "" if it is no call, or one of a pointer
}

// Valid reports whether there is an instruction.
func (i Instruction) Valid() bool { return len(i.Bytes) > 0 }

const (
	// maxInstructions is how many Disassemble returns at most.
	maxInstructions = 1 << 16
	// maxGap is how much code without a function may be between two: padding, or assembly
	// that has no debug information. Beyond that nobody knows where instructions begin.
	maxGap = 1 << 12
	// page is what memory is mapped in, at least.
	page = 1 << 12
)

// Disassemble returns count instructions around addr, in order of their addresses:
// before of them ahead of it and the others from it on. A negative before leaves out as
// many from addr on. Instructions ahead of addr are those that the processor would
// execute: they are decoded from the beginning of their function, not guessed backwards.
//
// Where there is no code, or where it cannot be known where instructions begin, the
// instructions are not Valid; their addresses go on in steps of one byte.
func (s *Session) Disassemble(ctx context.Context, addr uint64, before, count int) ([]Instruction, error) {
	if count < 0 || count > maxInstructions || before > maxInstructions || before < -maxInstructions {
		return nil, fmt.Errorf("disassemble %d instructions from %d before %#x on: there is a limit of %d", count, before, addr, maxInstructions)
	}
	var list []Instruction
	err := s.do(ctx, func() error {
		head := s.instructionsBefore(addr, max(before, 0))
		tail := s.instructionsFrom(addr, max(count-before, 0))
		if before < 0 {
			tail = tail[min(-before, len(tail)):]
		}
		list = append(head, tail...)
		return context.Cause(ctx)
	})
	if err != nil {
		return nil, err
	}
	return padded(list, addr, before, count), nil
}

// padded brings what was found to count instructions, with invalid ones at its ends.
func padded(list []Instruction, addr uint64, before, count int) []Instruction {
	ahead := sort.Search(len(list), func(i int) bool { return list[i].Addr >= addr })
	first := addr
	if ahead > 0 {
		first = list[0].Addr
	}
	var head []Instruction
	for i := before - ahead; i > 0; i-- {
		at := first - uint64(i)
		if uint64(i) > first {
			at = 0
		}
		head = append(head, Instruction{Addr: at})
	}
	list = append(head, list...)
	for len(list) < count {
		next := addr
		if n := len(list); n > 0 {
			next = list[n-1].Addr + uint64(max(len(list[n-1].Bytes), 1))
			if next < list[n-1].Addr {
				next = list[n-1].Addr // the end of the address space
			}
		}
		list = append(list, Instruction{Addr: next})
	}
	return list[:count]
}

// instructionsBefore returns up to n instructions that end at addr or ahead of it.
func (d *debuggee) instructionsBefore(addr uint64, n int) []Instruction {
	var list []Instruction
	for at := addr; len(list) < n && at > 0; {
		start, end, ok := d.part(at - 1)
		if !ok {
			break
		}
		code, err := d.decode(start, min(end, at+d.longest()))
		if err != nil {
			break
		}
		for len(code) > 0 && code[len(code)-1].end() > at {
			code = code[:len(code)-1]
		}
		list = append(code, list...)
		at = start
	}
	return list[max(len(list)-n, 0):]
}

// instructionsFrom returns up to n instructions, the first at addr.
func (d *debuggee) instructionsFrom(addr uint64, n int) []Instruction {
	var list []Instruction
	for len(list) < n {
		_, partEnd, ok := d.part(addr)
		if !ok {
			partEnd = addr + maxGap
		}
		end := min(partEnd, addr+d.longest()*uint64(n-len(list)+1))
		code, err := d.decode(addr, end)
		if pageEnd := (addr | (page - 1)) + 1; err != nil && pageEnd < end {
			end, partEnd = pageEnd, pageEnd
			code, err = d.decode(addr, end)
		}
		if err != nil || len(code) == 0 {
			break
		}
		for end < partEnd && code[len(code)-1].Addr+d.longest() > end { // may be cut off
			code = code[:len(code)-1]
		}
		list = append(list, code...)
		addr = list[len(list)-1].end()
	}
	return list[:min(n, len(list))]
}

// longest is how many bytes an instruction has at most.
func (d *debuggee) longest() uint64 { return uint64(d.target.BinInfo().Arch.MaxInstructionLength()) }

func (i Instruction) end() uint64 { return i.Addr + uint64(len(i.Bytes)) }

// part is the code around addr whose first byte begins an instruction: a function, or
// what is between two. It is not ok where that is not known.
func (d *debuggee) part(addr uint64) (start, end uint64, ok bool) {
	fns := d.target.BinInfo().Functions
	i := sort.Search(len(fns), func(i int) bool { return fns[i].Entry > addr })
	if i > 0 && addr < fns[i-1].End {
		return fns[i-1].Entry, fns[i-1].End, true
	}
	if i == 0 || i == len(fns) || fns[i-1].End == 0 || fns[i].Entry-fns[i-1].End > maxGap {
		return 0, 0, false
	}
	return fns[i-1].End, fns[i].Entry, true
}

// decode decodes the instructions from start, where one begins, to end.
func (d *debuggee) decode(start, end uint64) ([]Instruction, error) {
	bi := d.target.BinInfo()
	text, err := d.decoded(start, end)
	if err != nil {
		return nil, err
	}
	list := make([]Instruction, len(text))
	for i := range text {
		in := &text[i]
		list[i] = Instruction{Addr: in.Loc.PC, Bytes: slices.Clone(in.Bytes), Text: in.Text(proc.GoFlavour, bi), File: in.Loc.File, Line: in.Loc.Line}
		if fn := in.Loc.Fn; fn != nil {
			list[i].Function, list[i].Offset = fn.Name, in.Loc.PC-fn.Entry
		}
		if in.IsCall() && in.DestLoc != nil && in.DestLoc.Fn != nil {
			list[i].Call = in.DestLoc.Fn.Name
		}
	}
	return list, nil
}
