package cond

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf/asm"
)

// Kernel says where a BPF program has what a condition is about: offsets from R10, the end
// of its stack.
type Kernel struct {
	Old, New  int16 // the value, with zeros behind its end up to a whole word
	Size      int   // of the value, in bytes
	Goroutine int16 // a word: the goroutine's id; the condition cannot decide if it is not above 0
	Thread    int16 // a word: the thread's id is its low half
	Free      int16 // below here the stack is the condition's
}

// kernelStack is the size of a BPF program's stack (MAX_BPF_STACK in include/linux/filter.h).
const kernelStack = 512

// BPF makes the condition a part of a BPF program that runs in the thread it is about. It
// goes to the label no if the condition is false, to fault if it cannot be decided, and on
// behind its last instruction otherwise. It leaves R6 alone.
//
// The error says what the kernel cannot do: look at registers and frames, as there is one
// program for all places in the code, compute with floats, or compare strings other than
// for equality with a constant.
func (p *Program) BPF(k Kernel, no, fault string) (asm.Instructions, error) {
	t := &translator{p: p, k: k, fault: fault, depths: make([]int, len(p.code)+1), targets: map[int]bool{}}
	for i := range t.depths {
		t.depths[i] = -1
	}
	t.depths[0] = 0
	for _, i := range p.code {
		if i.op == opJumpFalse || i.op == opJumpTrue {
			t.targets[int(i.imm)] = true
		}
	}
	for pc := range p.code {
		t.begin(pc)
		if err := t.instruction(pc); err != nil {
			return nil, err
		}
	}
	t.begin(len(p.code))
	t.load(asm.R1, 0)
	t.add(asm.JEq.Imm(asm.R1, 0, no))
	return t.out, t.err
}

type translator struct {
	p       *Program
	k       Kernel
	fault   string
	out     asm.Instructions
	depths  []int        // words on the stack before each instruction; -1: not known yet
	targets map[int]bool // of jumps
	name    string       // of the next instruction
	labels  int
	texts   [maxStack]int64 // which of the program's own texts is where
	err     error
}

func (t *translator) add(list ...asm.Instruction) {
	if t.name != "" {
		list[0] = list[0].WithSymbol(t.name)
		t.name = ""
	}
	t.out = append(t.out, list...)
}

// begin names an instruction that jumps lead to.
func (t *translator) begin(pc int) {
	if t.targets[pc] {
		t.here(place0(pc))
	}
}

// here puts a label behind what there is.
func (t *translator) here(label string) {
	if t.name != "" { // one instruction has one name
		t.add(asm.Mov.Reg(asm.R0, asm.R10))
	}
	t.name = label
}

func place0(pc int) string { return fmt.Sprintf("condition%d", pc) }

// fresh is a label of its own.
func (t *translator) fresh() string {
	t.labels++
	return fmt.Sprintf("inside%d", t.labels)
}

// slot is where a word of the stack is.
func (t *translator) slot(n int) int16 {
	at := int(t.k.Free) - 8*(n+1)
	if at < -kernelStack {
		t.err = errors.New("it is nested too deeply")
		at = -kernelStack
	}
	return int16(at)
}

func (t *translator) load(r asm.Register, n int) {
	t.add(asm.LoadMem(r, asm.R10, t.slot(n), asm.DWord))
}

func (t *translator) store(n int, r asm.Register) {
	t.add(asm.StoreMem(asm.R10, t.slot(n), r, asm.DWord))
}

// read reads size bytes of the thread's memory, at the address in R3, to a word of the
// stack.
func (t *translator) read(n int, size uint8) {
	t.add(asm.Mov.Imm(asm.R1, 0))
	t.store(n, asm.R1)
	t.add(asm.Mov.Reg(asm.R1, asm.R10), asm.Add.Imm(asm.R1, int32(t.slot(n))), asm.Mov.Imm(asm.R2, int32(size)),
		asm.FnProbeReadUser.Call(), asm.JNE.Imm(asm.R0, 0, t.fault))
}

// narrow makes the register a number of size bytes.
func (t *translator) narrow(r asm.Register, size uint8, signed bool) {
	shift := 64 - 8*int32(size)
	if shift <= 0 || shift == 64 {
		return
	}
	t.add(asm.LSh.Imm(r, shift))
	if signed {
		t.add(asm.ArSh.Imm(r, shift))
		return
	}
	t.add(asm.RSh.Imm(r, shift))
}

// number is a constant.
func (t *translator) number(r asm.Register, n int64) { t.add(asm.LoadImm(r, n, asm.DWord)) }

// truth puts whether a comparison of R1 and R2 holds into R3.
func (t *translator) truth(jump asm.JumpOp) {
	yes := t.fresh()
	t.add(asm.Mov.Imm(asm.R3, 1), jump.Reg(asm.R1, asm.R2, yes), asm.Mov.Imm(asm.R3, 0))
	t.here(yes)
}

var signedJumps = [...]asm.JumpOp{equal: asm.JEq, notEqual: asm.JNE, less: asm.JSLT, lessEqual: asm.JSLE, greater: asm.JSGT, greaterEqual: asm.JSGE}
var unsignedJumps = [...]asm.JumpOp{equal: asm.JEq, notEqual: asm.JNE, less: asm.JLT, lessEqual: asm.JLE, greater: asm.JGT, greaterEqual: asm.JGE}

var errFrame = errors.New("it is about local variables, which are elsewhere at each place that writes")

// instruction translates one of the program's.
func (t *translator) instruction(pc int) error {
	i := &t.p.code[pc]
	depth := t.depths[pc]
	takes, leaves := i.op.stack()
	if depth < takes {
		return fmt.Errorf("instruction %d finds too little on the stack", pc)
	}
	after := depth - takes + leaves
	switch i.op {
	case opConst:
		t.number(asm.R1, i.imm)
		t.store(depth, asm.R1)
	case opReg, opFrame:
		return errFrame
	case opWindow:
		w := &t.p.windows[i.imm>>32]
		if w.frame {
			return errFrame
		}
		t.number(asm.R3, w.from+int64(uint32(i.imm)))
		t.take(depth, i)
	case opLoad:
		t.load(asm.R3, depth-1)
		t.plus(asm.R3, i.imm)
		t.take(depth-1, i)
	case opPair:
		t.load(asm.R7, depth-1)
		t.plus(asm.R7, i.imm)
		for n := range 2 {
			t.add(asm.Mov.Reg(asm.R3, asm.R7), asm.Add.Imm(asm.R3, int32(8*n)))
			t.read(depth-1+n, 8)
		}
	case opOld, opNew:
		if err := t.value(depth, i); err != nil {
			return err
		}
	case opGoroutine:
		t.add(asm.LoadMem(asm.R1, asm.R10, t.k.Goroutine, asm.DWord), asm.JSLE.Imm(asm.R1, 0, t.fault))
		t.store(depth, asm.R1)
	case opThread:
		t.add(asm.LoadMem(asm.R1, asm.R10, t.k.Thread, asm.DWord))
		t.narrow(asm.R1, 4, false)
		t.store(depth, asm.R1)
	case opText:
	case opTextCompare:
		if err := t.compareTexts(depth-4, compare(i.imm)); err != nil {
			return err
		}
	case opJumpFalse, opJumpTrue:
		jump := asm.JEq
		if i.op == opJumpTrue {
			jump = asm.JNE
		}
		t.load(asm.R1, depth-1)
		t.add(jump.Imm(asm.R1, 0, place0(int(i.imm))))
		t.depths[i.imm] = depth
		after = depth - 1
	case opIndex:
		t.load(asm.R1, depth-3)
		t.load(asm.R2, depth-2)
		t.load(asm.R3, depth-1)
		t.add(asm.JEq.Imm(asm.R1, 0, t.fault), asm.JSLT.Imm(asm.R3, 0, t.fault), asm.JSGE.Reg(asm.R3, asm.R2, t.fault))
		t.number(asm.R4, i.imm)
		t.add(asm.Mul.Reg(asm.R3, asm.R4), asm.Add.Reg(asm.R1, asm.R3))
		t.store(depth-3, asm.R1)
	default:
		if err := t.compute(depth, i, takes); err != nil {
			return err
		}
	}
	for n := depth - takes; n < after; n++ {
		t.texts[n] = -1
	}
	if i.op == opText {
		t.texts[depth] = i.imm
	}
	if t.depths[pc+1] >= 0 && t.depths[pc+1] != after {
		return fmt.Errorf("instruction %d has a stack of different depths", pc)
	}
	t.depths[pc+1] = after
	return nil
}

// plus adds a constant to a register.
func (t *translator) plus(r asm.Register, n int64) {
	if n == int64(int32(n)) {
		t.add(asm.Add.Imm(r, int32(n)))
		return
	}
	t.number(asm.R0, n)
	t.add(asm.Add.Reg(r, asm.R0))
}

// take reads the number that an instruction is about, at the address in R3.
func (t *translator) take(n int, i *instr) {
	t.read(n, i.size)
	if i.size < 8 && i.signed {
		t.load(asm.R1, n)
		t.narrow(asm.R1, i.size, true)
		t.store(n, asm.R1)
	}
}

// value pushes a part of the value before or after.
func (t *translator) value(depth int, i *instr) error {
	base := t.k.Old
	if i.op == opNew {
		base = t.k.New
	}
	at, off := i.imm&^7, int32(i.imm&7)
	if i.imm < 0 || i.imm+int64(i.size) > int64(t.k.Size) || off+int32(i.size) > 8 {
		return errors.New("it looks beyond the value")
	}
	t.add(asm.LoadMem(asm.R1, asm.R10, base+int16(at), asm.DWord))
	if off > 0 {
		t.add(asm.RSh.Imm(asm.R1, 8*off))
	}
	t.narrow(asm.R1, i.size, i.signed)
	t.store(depth, asm.R1)
	return nil
}

// compareTexts compares a string of the thread's with one of the program's own, from the
// word at on the stack: pointer and length, and the other, in either order.
func (t *translator) compareTexts(at int, c compare) error {
	theirs, own := at, t.texts[at+2]
	if own < 0 {
		theirs, own = at+2, t.texts[at]
	}
	if own < 0 || t.texts[theirs] >= 0 || c > notEqual {
		return errors.New("strings are compared there for equality with a constant only")
	}
	text := t.p.texts[own]
	if len(text) > maxKernelText {
		return fmt.Errorf("a string of more than %d bytes is not compared there", maxKernelText)
	}
	differ, done := t.fresh(), t.fresh()
	t.load(asm.R1, theirs+1)
	t.add(asm.JSLT.Imm(asm.R1, 0, t.fault), asm.JNE.Imm(asm.R1, int32(len(text)), differ))
	t.load(asm.R7, theirs)
	for from := 0; from < len(text); from += 8 {
		part := text[from:min(from+8, len(text))]
		t.add(asm.Mov.Reg(asm.R3, asm.R7), asm.Add.Imm(asm.R3, int32(from)))
		t.read(theirs, uint8(len(part)))
		t.load(asm.R1, theirs)
		var word uint64
		for i := range part {
			word |= uint64(part[i]) << (8 * i)
		}
		t.number(asm.R2, int64(word))
		t.add(asm.JNE.Reg(asm.R1, asm.R2, differ))
	}
	same := int32(truth(c == equal))
	t.add(asm.Mov.Imm(asm.R3, same), asm.Ja.Label(done))
	t.here(differ)
	t.add(asm.Mov.Imm(asm.R3, 1-same))
	t.here(done)
	t.store(at, asm.R3)
	return nil
}

// maxKernelText is the length of the longest string that is compared: each eight bytes are
// a read.
const maxKernelText = 64
