package insn

import (
	"runtime"
	"syscall"
	"testing"
)

// stepped executes one instruction at the program counter. ok is false if anything but
// the step stops it.
func (p *target) stepped(t *testing.T) (after *Regs, ok bool) {
	if err := syscall.PtraceSingleStep(p.pid); err != nil {
		t.Fatal(err)
	}
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(p.pid, &status, 0, nil); err != nil {
		t.Fatal(err)
	}
	if status.Exited() || status.Signaled() {
		return nil, false
	}
	after, err := p.regs()
	if err != nil {
		t.Fatal(err)
	}
	return after, status.StopSignal() == syscall.SIGTRAP
}

// TestMovedOnProcessor steps through a real program and executes what can be moved once
// more, moved: the registers must come out the same. Branches must lead where Branch says.
func TestMovedOnProcessor(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	p := startTarget(t)
	r, err := p.regs()
	if err != nil {
		t.Fatal(err)
	}
	scratch := r.PC // the loader's first instructions: it does not come back to them
	moved, branches, stayed, simple := 0, 0, 0, 0
	buf := make([]byte, maxLen)
	for range steps / 2 {
		n, _ := p.ReadMemory(buf, r.PC)
		var in inst
		if err := in.decode(buf[:n]); err != nil {
			t.Fatal(err)
		}
		before := *r
		ok := false
		foretold := before
		var room [8]byte
		isSimple := Simple(buf[:n], &foretold, p, &room)
		if r, ok = p.stepped(t); !ok {
			break
		}
		if isSimple {
			simple++
			if foretold.GPR != r.GPR || foretold.PC != r.PC || before.Flags&^flagRF != r.Flags&^flagRF {
				t.Errorf("% x: %x at %#x, want %x at %#x", buf[:in.len], foretold.GPR, foretold.PC, r.GPR, r.PC)
			}
		} else if foretold != before {
			t.Errorf("% x is not simple, and changes the registers", buf[:in.len])
		}
		if next, _, call, ok := Branch(buf[:n], &before); ok {
			branches++
			if r.PC != next || call != (r.GPR[regRSP] != before.GPR[regRSP]) {
				t.Errorf("% x: at %#x, not %#x", buf[:in.len], r.PC, next)
			}
			continue
		}
		var dst [MaxLen]byte
		size, ok := Move(dst[:], buf[:n], before.PC, scratch)
		if !ok || before.PC-scratch < 64 {
			stayed++
			continue
		}
		if r.PC != before.PC+uint64(size) {
			t.Errorf("% x goes elsewhere, and is moved", buf[:size])
			continue
		}
		// What reads what it writes gives something else the second time.
		if e := in.effect(); e.kind == Modify || e.kind == Exchange || e.kind == String || e.kind == Push || in.op == 0xA2 || in.op == 0x31 {
			continue
		}
		if _, err := p.mem.WriteAt(dst[:size], int64(scratch)); err != nil {
			t.Fatal(err)
		}
		again := before
		again.PC = scratch
		if err := p.setRegs(&again); err != nil {
			t.Fatal(err)
		}
		got, ok := p.stepped(t)
		if !ok {
			t.Fatalf("% x, moved: stopped by something else", buf[:size])
		}
		if got.PC != scratch+uint64(size) || got.GPR != r.GPR {
			t.Errorf("% x, moved as % x: %x, want %x", buf[:size], dst[:size], got.GPR, r.GPR)
		}
		moved++
		got.PC = r.PC
		got.GPR = r.GPR
		if err := p.setRegs(got); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d moved, %d branches, %d neither; %d simple", moved, branches, stayed, simple)
	if moved < steps/8 || branches < 500 || simple < 2000 {
		t.Error("too few")
	}
}
