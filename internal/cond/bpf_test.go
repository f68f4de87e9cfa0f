package cond

import (
	"encoding/binary"
	"errors"
	"math"
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

// arena is memory that programs look at: of this process.
var arena [512]byte

func arenaAt() int64 { return int64(reflect.ValueOf(&arena).Pointer()) }

// self is the memory of this process.
type self struct{}

func (self) ReadMemory(buf []byte, addr uint64) (int, error) {
	local := []unix.Iovec{{Base: &buf[0]}}
	local[0].SetLen(len(buf))
	return unix.ProcessVMReadv(os.Getpid(), local, []unix.RemoteIovec{{Base: uintptr(addr), Len: len(buf)}}, 0)
}

type goroutineID int64

func (g goroutineID) GoroutineID() int64 { return int64(g) }

// subject is what a program is evaluated on, in this process and in the kernel.
type subject struct {
	old, new  [16]byte
	goroutine int64
	thread    int
}

const (
	kernelNo    = 0
	kernelYes   = 1
	kernelFault = 2
)

// inKernel has the kernel evaluate a program.
func inKernel(t interface {
	Fatalf(string, ...any)
	Helper()
}, p *Program, s *subject) (result uint32, err error) {
	t.Helper()
	k := Kernel{Old: -16, New: -32, Size: 16, Goroutine: -40, Thread: -48, Free: -48}
	code, err := p.BPF(k, "no", "fault")
	if err != nil {
		return 0, err
	}
	var begin asm.Instructions
	put := func(at int16, word uint64) {
		begin = append(begin, asm.LoadImm(asm.R1, int64(word), asm.DWord), asm.StoreMem(asm.R10, at, asm.R1, asm.DWord))
	}
	for i := range 2 {
		put(int16(-16+8*i), binary.LittleEndian.Uint64(s.old[8*i:]))
		put(int16(-32+8*i), binary.LittleEndian.Uint64(s.new[8*i:]))
	}
	put(-40, uint64(s.goroutine))
	put(-48, uint64(s.thread)|7<<32)
	code = append(append(begin, code...), asm.Mov.Imm(asm.R0, kernelYes), asm.Return(),
		asm.Mov.Imm(asm.R0, kernelNo).WithSymbol("no"), asm.Return())
	for _, i := range code {
		if i.Reference() == "fault" { // what nothing leads to the kernel refuses
			code = append(code, asm.Mov.Imm(asm.R0, kernelFault).WithSymbol("fault"), asm.Return())
			break
		}
	}
	prog, err := ebpf.NewProgram(&ebpf.ProgramSpec{Name: "argus_test", Type: ebpf.RawTracepoint, License: "GPL", Instructions: code})
	if err != nil {
		t.Fatalf("load: %+v\n%v", err, code)
	}
	defer prog.Close()
	result, err = prog.Run(&ebpf.RunOptions{})
	if err != nil {
		t.Fatalf("run: %v", err)
	}
	return result, nil
}

func needBPF(t *testing.T) {
	t.Helper()
	m, err := ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 8, MaxEntries: 1})
	if errors.Is(err, unix.EPERM) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	m.Close()
}

// TestBPF: the kernel decides as the program does, or not at all where that does not; it
// leaves to others what it cannot compute, which is only what BPF's comment says.
func TestBPF(t *testing.T) {
	needBPF(t)
	decided, faults, refused := 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		s := drawSubject(t)
		n := drawTruth(t, 4)
		p := &Program{}
		if p.emit(n) != nil {
			t.Skip("nested too deeply")
		}
		want, fault := p.Eval(&Input{Regs: new(Registers), Memory: self{}, Runtime: goroutineID(s.goroutine), Thread: s.thread, Old: s.old[:], New: s.new[:]})
		got, err := inKernel(t, p, s)
		switch {
		case err != nil:
			refused++
		case fault != nil:
			faults++
			if got != kernelFault {
				t.Fatalf("%v, the kernel says %d\n%v", fault, got, p.code)
			}
		case got == kernelFault && slices.ContainsFunc(p.code, func(i instr) bool { return i.op == opDouble && i.size == 4 }):
			faults++ // a number so small that it has no normal form
		case got != uint32(truth(want)):
			t.Fatalf("%v, the kernel says %d\n%v", want, got, p.code)
		default:
			decided++
		}
	})
	t.Logf("%d decided, %d faults, %d refused", decided, faults, refused)
	if decided == 0 || faults == 0 {
		t.Error("the test has not tested both")
	}
}

// drawSubject fills the arena too: numbers, pointers into it, and strings.
func drawSubject(t *rapid.T) *subject {
	s := &subject{goroutine: int64(rapid.IntRange(0, 9).Draw(t, "goroutine")), thread: rapid.IntRange(1, 9).Draw(t, "thread")}
	word := func() uint64 {
		switch rapid.IntRange(0, 4).Draw(t, "kind") {
		case 0:
			return uint64(arenaAt()) + uint64(rapid.IntRange(0, 60).Draw(t, "to"))*8
		case 1:
			return uint64(rapid.IntRange(-3, 20).Draw(t, "small"))
		case 2:
			return math.Float64bits(rapid.Float64Range(-10, 10).Draw(t, "float"))
		case 3:
			return 0
		}
		return rapid.Uint64().Draw(t, "word")
	}
	for at := 0; at < len(arena); at += 8 {
		binary.LittleEndian.PutUint64(arena[at:], word())
	}
	copy(arena[256:], "argus and others that have eyes")
	for at := 0; at < 16; at += 8 {
		binary.LittleEndian.PutUint64(s.old[at:], word())
		binary.LittleEndian.PutUint64(s.new[at:], word())
	}
	return s
}

// drawNumber is an integer of size bytes.
func drawNumber(t *rapid.T, deep int, size uint8, signed bool) *node {
	i := instr{size: size, signed: signed}
	n := func(o op, imm int64, kids ...*node) *node {
		i.op, i.imm = o, imm
		return &node{instr: i, kids: kids}
	}
	kinds := 4
	if deep > 0 {
		kinds = 16
	}
	switch k := rapid.IntRange(0, kinds).Draw(t, "number"); k {
	case 0:
		return constant64(int64(narrow(uint64(rapid.OneOf(rapid.Int64Range(-4, 70), rapid.Int64()).Draw(t, "constant")), size, signed)))
	case 1, 2:
		return n(opOld+op(k-1), int64(size)*int64(rapid.IntRange(0, 16/int(size)-1).Draw(t, "at")))
	case 3, 4:
		return n(opLoad, int64(rapid.IntRange(0, 300).Draw(t, "off")), constant64(arenaAt()))
	case 5: // behind a pointer
		pointer := &node{instr: instr{op: opLoad, size: 8, imm: 8 * int64(rapid.IntRange(0, 30).Draw(t, "off"))}, kids: []*node{constant64(arenaAt())}}
		return n(opLoad, 8, &node{instr: instr{op: opAddr, imm: int64(rapid.IntRange(0, 2).Draw(t, "more"))}, kids: []*node{pointer}})
	case 6: // an element
		base := []*node{constant64(arenaAt()), constant64(4), drawNumber(t, deep-1, 8, true)}
		return n(opLoad, 0, &node{instr: instr{op: opIndex, imm: 16}, kids: base})
	case 7:
		return n(opNarrow, 0, drawNumber(t, deep-1, 8, rapid.Bool().Draw(t, "signed")))
	case 8:
		return n([]op{opNeg, opInvert, opUnsigned}[rapid.IntRange(0, 2).Draw(t, "unary")], 0, drawNumber(t, deep-1, size, signed))
	case 9:
		return n(opShl+op(rapid.IntRange(0, 1).Draw(t, "shift")), 1, drawNumber(t, deep-1, size, signed), drawNumber(t, deep-1, 8, true))
	case 10: // numbers without a type
		x, y := drawNumber(t, deep-1, 8, true), drawNumber(t, deep-1, 8, true)
		return n(opNarrow, 0, &node{instr: instr{op: drawOperation(t)}, kids: []*node{x, y}})
	case 11:
		return n(opNarrow, 0, &node{instr: instr{op: opGoroutine}})
	case 12:
		return n(opNarrow, 0, &node{instr: instr{op: opThread}})
	}
	return n(drawOperation(t), 0, drawNumber(t, deep-1, size, signed), drawNumber(t, deep-1, size, signed))
}

func drawOperation(t *rapid.T) op {
	return opAdd + op(rapid.IntRange(0, int(opAndNot-opAdd)).Draw(t, "operation"))
}

// drawTruth is something that is true or false.
func drawTruth(t *rapid.T, deep int) *node {
	kinds := 4
	if deep > 0 {
		kinds = 7
	}
	comparison := func(most compare) int64 { return int64(rapid.IntRange(0, int(most)).Draw(t, "comparison")) }
	switch rapid.IntRange(0, kinds).Draw(t, "truth") {
	case 0: // a string
		header := rapid.SampledFrom([][2]int64{{256, 5}, {256, 16}, {260, 0}, {256, -2}, {1 << 40, 5}}).Draw(t, "string")
		text := rapid.SampledFrom([]string{"argus", "", "argus and others", "Argus", "argus and others that have eyes"}).Draw(t, "constant")
		theirs := []*node{constant64(arenaAt() + header[0]), constant64(header[1])}
		ours := &node{instr: instr{op: opText}, text: text}
		kids := append(theirs, ours)
		if rapid.Bool().Draw(t, "turned") {
			kids = append([]*node{ours}, theirs...)
		}
		return &node{instr: instr{op: opTextCompare, imm: comparison(notEqual)}, kids: kids}
	case 1: // a float
		size := rapid.SampledFrom([]uint8{4, 8}).Draw(t, "size")
		load := &node{instr: instr{op: opLoad, size: size, imm: 8 * int64(rapid.IntRange(0, 30).Draw(t, "off"))}, kids: []*node{constant64(arenaAt())}}
		x := &node{instr: instr{op: opDouble, size: size}, kids: []*node{load}}
		if rapid.Bool().Draw(t, "minus") {
			x = &node{instr: instr{op: opFloatNeg}, kids: []*node{x}}
		}
		y := floatNode(rapid.OneOf(rapid.Float64Range(-10, 10), rapid.SampledFrom([]float64{0, math.Copysign(0, -1), math.Inf(1), math.Inf(-1)})).Draw(t, "y"))
		return &node{instr: instr{op: opFloatCompare, imm: comparison(greaterEqual)}, kids: []*node{x, y}}
	case 5:
		return &node{instr: instr{op: opNot}, kids: []*node{drawTruth(t, deep-1)}}
	case 6, 7:
		o := rapid.SampledFrom([]op{opJumpFalse, opJumpTrue}).Draw(t, "logic")
		return &node{instr: instr{op: o}, kids: []*node{drawTruth(t, deep-1), drawTruth(t, deep-1)}}
	}
	size := rapid.SampledFrom([]uint8{1, 2, 4, 8}).Draw(t, "size")
	signed := rapid.Bool().Draw(t, "signed")
	return &node{instr: instr{op: opEqual + op(comparison(greaterEqual)), signed: signed},
		kids: []*node{drawNumber(t, deep-1, size, signed), drawNumber(t, deep-1, size, signed)}}
}

// TestBPFRefused: what is about one place in the code, or beyond what the kernel computes,
// is refused.
func TestBPFRefused(t *testing.T) {
	k := Kernel{Old: -8, New: -16, Size: 8, Goroutine: -24, Thread: -32, Free: -32}
	frame := &node{instr: instr{op: opFrame, imm: 8}}
	double := func(f float64) *node { return floatNode(f) }
	for name, n := range map[string]*node{
		"local":    {instr: instr{op: opLoad, size: 8}, kids: []*node{frame}},
		"register": {instr: instr{op: opReg, size: 8}},
		"float":    {instr: instr{op: opFloatAdd}, kids: []*node{double(1), double(2)}},
		"beyond":   {instr: instr{op: opNew, size: 8, imm: 8}},
		"order": {instr: instr{op: opTextCompare, imm: int64(less)}, kids: []*node{{instr: instr{op: opText}, text: "a"},
			{instr: instr{op: opText}, text: "b"}}},
	} {
		p := &Program{}
		if err := p.emit(n); err != nil {
			t.Fatal(err)
		}
		if code, err := p.BPF(k, "no", "fault"); err == nil {
			t.Errorf("%s: %v", name, code)
		}
	}
	deep := &node{instr: instr{op: opConst, imm: 1}}
	for range 20 {
		deep = &node{instr: instr{op: opAdd, size: 8}, kids: []*node{constant64(1), deep}}
	}
	p := &Program{}
	if err := p.emit(deep); err != nil {
		t.Fatal(err)
	}
	k.Free = -400
	if _, err := p.BPF(k, "no", "fault"); err == nil {
		t.Error("there is no room for so deep a stack")
	}
}
