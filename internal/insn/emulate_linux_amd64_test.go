package insn

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"syscall"
	"testing"
)

// random fills in registers that a thread can go on with, flags included.
func (p *target) random(t *testing.T, random *rand.Rand, r *Regs) {
	for i := range r.GPR {
		r.GPR[i] = random.Uint64() >> random.IntN(64) // small numbers too: carries and zeros
	}
	r.Flags = r.Flags&^(statusFlags|flagDF) | random.Uint64()&statusFlags
}

// setAll sets the flags too.
func (p *target) setAll(r *Regs) error {
	if err := p.setRegs(r); err != nil {
		return err
	}
	var u syscall.PtraceRegs
	if err := syscall.PtraceGetRegs(p.pid, &u); err != nil {
		return err
	}
	u.Eflags = r.Flags
	return syscall.PtraceSetRegs(p.pid, &u)
}

// undefined is what an instruction leaves of AF: nothing that is known (OR, AND, XOR).
func undefined(in *inst) uint64 {
	logic := func(op uint8) bool { return op == opOR || op == opAND || op == opXOR }
	if in.opmap == mapOne && (in.op < 0x40 && logic(in.op>>3) || in.op >= 0x80 && in.op <= 0x83 && logic(in.reg())) {
		return flagAF
	}
	return 0
}

// agrees holds what Emulate foretold against what the processor has done.
func agrees(in *inst, foretold, is *Regs) error {
	ignore := uint64(flagRF) | undefined(in)
	if foretold.GPR != is.GPR || foretold.PC != is.PC || foretold.Flags&^ignore != is.Flags&^ignore {
		return fmt.Errorf("registers %x at %#x, flags %#x; the processor has %x at %#x, %#x", foretold.GPR, foretold.PC, foretold.Flags, is.GPR, is.PC, is.Flags)
	}
	return nil
}

// TestEmulate executes instructions with random registers and flags on random memory, by
// Emulate and by the processor.
func TestEmulate(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	p := startTarget(t)
	start, err := p.regs()
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(2009, 9))
	const around = 4096
	base := start.GPR[regRSP] - 16384
	before, after := make([]byte, 2*around), make([]byte, 2*around)
	emulated := map[string]int{}
	texts := append([]string{"E800000000", "FFD3", "488B03", "90", "F30F1103", "66FF03", "48F71B", "F61B", "40F613",
		"A20000000000000000", "F348AB", "F3A4", "F36642AB",
		"0F2903", "660F7F03", "F30F7F03", "0F1703", "440F1103", "C5FA7F03", "C57C114320", "C5FD7F03", "C5F9E703", "660FE703", "C5F97E03", "C5FB1103", "C5F9D603", "880B", "64488903", "6766890B"}, injected...)
	for op := range 7 {
		for _, form := range []string{"%02x0b", "%02x23", "%02x0b", "48%02x0b", "66%02x0b", "f0%02x0b", "44%02x7301"} {
			for b := range 2 {
				texts = append(texts, fmt.Sprintf(form, op<<3+b))
			}
		}
		modrm := op<<3 + 3
		texts = append(texts, fmt.Sprintf("80%02x91", modrm), fmt.Sprintf("4881%02x11223384", modrm), fmt.Sprintf("6683%02xf0", modrm), fmt.Sprintf("83%02x01", modrm))
	}
	for cc := range 16 {
		texts = append(texts, fmt.Sprintf("0f%02x03", 0x90+cc))
	}
	texts = append(texts, "fe03", "fe0b", "48ff03", "ff0b", "66ff0b", "f6d8", "48f713", "f61b", "f71b")
	p.setVectors(t, random)
	for _, text := range texts {
		bytecode := code(t, text)
		if _, err := p.mem.WriteAt(bytecode, int64(start.PC)); err != nil {
			t.Fatal(err)
		}
		var in inst
		if err := in.decode(bytecode); err != nil {
			t.Fatal(text, err)
		}
		for round := range 30 {
			r := *start
			p.random(t, random, &r)
			r.GPR[regRBX], r.GPR[regRCX] = base, uint64(200+random.IntN(100))
			r.GPR[regRSP], r.GPR[regRDI], r.GPR[regRSI] = base+512, base+1024, base-1024
			for i := range before {
				before[i] = byte(random.Uint32() & random.Uint32())
			}
			if round%3 == 0 { // what CMPXCHG compares is equal
				for i := range 8 {
					before[around+i] = byte(r.GPR[regRAX] >> (8 * i))
				}
			}
			if _, err := p.mem.WriteAt(before, int64(base-around)); err != nil {
				t.Fatal(err)
			}
			foretold := r
			addr, data, ok := Emulate(bytecode, p, &foretold, p.vectors, &[32]byte{})
			if !ok {
				if foretold != r {
					t.Errorf("%s: the registers are changed", text)
				}
				break
			}
			if err := p.setAll(&r); err != nil {
				t.Fatal(err)
			}
			is, ok := p.stepped(t)
			if !ok {
				break // not on this processor
			}
			if err := agrees(&in, &foretold, is); err != nil {
				t.Errorf("%s: %v", text, err)
			}
			copy(before[addr-(base-around):], data)
			if _, err := p.mem.ReadAt(after, int64(base-around)); err != nil {
				t.Fatal(err)
			}
			if text == "9C" { // the step's own trap flag has been pushed too
				after[addr+1-(base-around)] &^= 1
			}
			if !bytes.Equal(before, after) {
				t.Errorf("%s: other memory than %x at %+d", text, data, int64(addr-base))
			}
			emulated[text]++
		}
	}
	t.Logf("%d instructions of %d", len(emulated), len(texts))
	if len(emulated) < 130 {
		t.Error("too few")
	}
}

// TestEmulateProgram steps through a real program, and emulates what can be before the
// processor does it.
func TestEmulateProgram(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	p := startTarget(t)
	r, err := p.regs()
	if err != nil {
		t.Fatal(err)
	}
	stores, emulated := 0, 0
	buf, now := make([]byte, maxLen), make([]byte, 32)
	for range steps {
		n, _ := p.ReadMemory(buf, r.PC)
		var in inst
		if err := in.decode(buf[:n]); err != nil {
			t.Fatal(err)
		}
		foretold := *r
		addr, data, did := Emulate(buf[:n], p, &foretold, p.vectors, &[32]byte{})
		var ok bool
		if r, ok = p.stepped(t); !ok {
			break
		}
		if e := in.effect(); e.place != nowhere && e.kind != Load {
			stores++
		}
		if !did {
			continue
		}
		emulated++
		if err := agrees(&in, &foretold, r); err != nil {
			t.Errorf("% x: %v", buf[:in.len], err)
		}
		if _, err := p.ReadMemory(now[:len(data)], addr); err != nil || !bytes.Equal(now[:len(data)], data) {
			t.Errorf("% x: % x at %#x, %v; want % x", buf[:in.len], now[:len(data)], addr, err, data)
		}
	}
	t.Logf("%d stores, %d emulated", stores, emulated)
	if emulated < stores/3 || emulated < 200 {
		t.Error("too few")
	}
}
