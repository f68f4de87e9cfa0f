package ptrace

import (
	"bytes"
	"encoding/binary"
	"testing"

	"golang.org/x/sys/unix"
)

// nop is what place begins with.
var nop = []byte{0x90}

// bytesAt reads memory as it is.
func (s *session) bytesAt(p *Process, addr uint64, n int) []byte {
	s.t.Helper()
	buf := make([]byte, n)
	if _, err := p.Memory.ReadMemory(buf, addr); err != nil {
		s.t.Fatal(err)
	}
	return buf
}

func TestStepElsewhere(t *testing.T) {
	s := open(t)
	p := s.launch("store")
	store, spare := symbol(t, "store"), symbol(t, "_start")
	s.breakAt(p, store)
	s.resumeAll()
	ev := s.expect(Breakpoint)
	s.stopAll()
	s.do(func() error { return backToPlace(ev.Thread) })

	const size = 11 // MOV QWORD PTR [RIP+disp32], imm32
	code := make([]byte, size)
	if _, err := p.ReadProgram(code, store); err != nil {
		t.Fatal(err)
	}
	disp := binary.LittleEndian.Uint32(code[3:])
	binary.LittleEndian.PutUint32(code[3:], disp+uint32(store-spare))
	original := s.bytesAt(p, spare, size)
	s.do(func() (err error) { ev, err = s.g.StepElsewhere(ev.Thread, code, spare); return err })
	r, err := ev.Thread.Registers()
	if err != nil || r.PC() != store+size || ev.Kind != Trapped || s.word(p, symbol(t, "x")) != 1 {
		t.Errorf("PC %#x, event %v, x = %d, %v", r.PC(), ev.Kind, s.word(p, symbol(t, "x")), err)
	}
	if got := s.bytesAt(p, store, 1); !bytes.Equal(got, breakpointInstruction) {
		t.Errorf("the breakpoint is now %x", got)
	}
	program := make([]byte, size)
	if _, err := p.ReadProgram(program, spare); err != nil || !bytes.Equal(program, original) {
		t.Errorf("the program looks like %x there, want %x; %v", program, original, err)
	}
	if got := s.bytesAt(p, spare, size); !bytes.Equal(got, code) {
		t.Errorf("%x is there, want %x", got, code)
	}
	// Another one there, and another one elsewhere: what was there before comes back.
	s.do(func() error { _, err := s.g.StepElsewhere(ev.Thread, nop, spare); return err })
	if got := s.bytesAt(p, spare, size); got[0] != nop[0] {
		t.Errorf("%x is there, want a NOP", got)
	}
	s.do(func() error { _, err := s.g.StepElsewhere(ev.Thread, nop, spare+32); return err })
	if got := s.bytesAt(p, spare, size); !bytes.Equal(got, original) {
		t.Errorf("%x is there, want %x", got, original)
	}
	originalThere := s.bytesAt(p, spare+32, 1)
	s.do(p.clearSpare)
	if got := s.bytesAt(p, spare+32, 1); bytes.Equal(got, nop) && !bytes.Equal(got, originalThere) {
		t.Errorf("%x is left there", got)
	}
	s.do(func() error { return ev.Thread.SetPC(store + size) })
	s.do(func() error { return p.RemoveBreakpoint(store) })
	if st := s.toTheEnd(p); st.Code != 0 {
		t.Errorf("ended with %v", st)
	}
}

// Threads come to a breakpoint all the time, and are stepped over it one after the other
// without a stop of the rest: none passes it unseen.
func TestStepElsewhereMeetsAll(t *testing.T) {
	const threads, hits = 3, 3000
	s := open(t)
	p := s.launch("busy", "3")
	place, spare, y := symbol(t, "place"), symbol(t, "_start"), symbol(t, "y")
	s.breakAt(p, place)
	count := 0
	s.run(func(ev Event) error {
		if ev.Kind == Breakpoint {
			if err := backToPlace(ev.Thread); err != nil {
				return err
			}
			if count++; count == hits {
				return errStop
			}
			if _, err := s.g.StepElsewhere(ev.Thread, nop, spare); err != nil {
				return err
			}
		}
		if ev.Thread == nil {
			return nil
		}
		return s.g.Resume(ev.Thread)
	})
	s.stopAll()
	s.do(func() error {
		return s.drain(func(ev Event) error {
			if ev.Kind != Breakpoint {
				return nil
			}
			count++
			return backToPlace(ev.Thread)
		})
	})
	var calls uint64 // each counts before it calls
	for i := range uint64(threads) {
		calls += s.word(p, y+8*i)
	}
	if calls < uint64(count) || calls > uint64(count)+threads {
		t.Errorf("%d calls, %d breakpoints", calls, count)
	}
	original := make([]byte, 1)
	if _, err := p.ReadProgram(original, spare); err != nil {
		t.Fatal(err)
	}
	s.letGoOn(p)
	s.do(func() error { return p.RemoveBreakpoint(place) })
	if st := s.toTheEnd(p); st.Code != 0 {
		t.Errorf("ended with %v", st)
	}
}

// An instruction that faults has not been executed, and its handler finds the thread at
// the place where the program has it.
func TestStepElsewhereFaults(t *testing.T) {
	s := open(t)
	p := s.launch("fault")
	place := symbol(t, "place")
	th := s.runTo(p, place)
	store0 := []byte{0xC6, 0x04, 0x25, 0, 0, 0, 0, 1} // MOV BYTE PTR [0], 1
	var ev Event
	s.do(func() (err error) { ev, err = s.g.StepElsewhere(th, store0, symbol(t, "_start")); return err })
	r, err := th.Registers()
	if err != nil || r.PC() != place || ev.Thread != nil || th.PendingSignal() != int(unix.SIGSEGV) {
		t.Errorf("PC %#x, want %#x; event %+v, signal %d, %v", r.PC(), place, ev, th.PendingSignal(), err)
	}
	y := symbol(t, "y")
	s.runUntil("the handler has run", func() bool { return peek(p.Memory, y) == 1 }) // which makes the fault good that comes after it
	s.letGoOn(p)
	if st := s.toTheEnd(p); st.Code != 0 {
		t.Errorf("ended with %v", st)
	}
}

func TestSpareIsPutBack(t *testing.T) {
	victim := begin(t, target(t), "busy", "1")
	s := open(t)
	p := s.attach(victim.Process.Pid)
	place, spare := symbol(t, "place"), symbol(t, "_start")
	original := s.bytesAt(p, spare, 1)
	th := s.runTo(p, place)
	s.do(func() error { _, err := s.g.StepElsewhere(th, nop, spare); return err })
	if bytes.Equal(s.bytesAt(p, spare, 1), original) {
		t.Fatal("nothing was written")
	}
	s.detach(p)
	m, err := OpenMemory(victim.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	got := make([]byte, 1)
	if _, err := m.ReadMemory(got, spare); err != nil || !bytes.Equal(got, original) {
		t.Errorf("%x is left there, want %x; %v", got, original, err)
	}
}
