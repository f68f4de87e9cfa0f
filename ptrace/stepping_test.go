package ptrace

import (
	"fmt"
	"testing"
)

// TestSetStepping: a program that is let go executes one instruction at a time, and each is
// told of with where it was; then it runs as before.
func TestSetStepping(t *testing.T) {
	s := open(t)
	p := s.launch("exit", "0")
	th := p.Threads()[0]
	p.SetStepping(true)
	var last uint64
	s.do(func() error {
		r, err := th.Registers()
		if err == nil {
			last = r.PC()
		}
		return err
	})
	const steps = 200
	for n := range steps {
		s.resumeAll()
		ev := s.expect(Trapped)
		s.stopAll()
		s.do(func() error {
			r, err := th.Registers()
			if err != nil {
				return err
			}
			from, known := th.From()
			if ev.Thread != th || !known || from != last || !th.Stepped() {
				return fmt.Errorf("step %d was from %#x (%v), want %#x", n, from, known, last)
			}
			last = r.PC()
			return nil
		})
	}
	p.SetStepping(false)
	if st := s.toTheEnd(p); st.Code != 0 || st.Signal != 0 {
		t.Errorf("ended with %v", st)
	}
	if _, known := th.From(); known || th.Stepped() {
		t.Error("it is still being stepped")
	}
}

// TestSteppingInterrupted: a stop can come between an instruction and its trap, which is
// told of all the same with where that instruction was.
func TestSteppingInterrupted(t *testing.T) {
	s := open(t)
	p := s.launch("exit", "0")
	th := p.Threads()[0]
	p.SetStepping(true)
	s.do(func() error {
		r, err := th.Registers()
		if err != nil {
			return err
		}
		last, steps, before := r.PC(), 0, 0
		check := func(ev Event) error {
			r, err := th.Registers()
			if err != nil {
				return err
			}
			if from, known := th.From(); ev.Kind != Trapped || !known || from != last {
				return fmt.Errorf("step %d: %v from %#x (%v), want %#x", steps, ev.Kind, from, known, last)
			}
			last = r.PC()
			steps++
			return nil
		}
		for round := 0; steps < 2000; round++ {
			was := steps
			if err := s.interrupted(round, check); err != nil {
				return err
			}
			if was == steps {
				before++
			}
		}
		t.Logf("%d stops before the instruction", before)
		return nil
	})
	p.SetStepping(false)
	if st := s.toTheEnd(p); st.Code != 0 || st.Signal != 0 {
		t.Errorf("ended with %v", st)
	}
}

// TestSteppingSignals: a program that is being stepped gets its signals, and its handlers are
// stepped as well.
func TestSteppingSignals(t *testing.T) {
	s := open(t)
	p := s.launch("fault")
	s.runTo(p, symbol(t, "place"))
	s.letGoOn(p)
	p.SetStepping(true)
	var st ExitStatus
	var mended uint64
	handled := false
	mender, y := symbol(t, "mender"), symbol(t, "y")
	s.run(func(ev Event) (err error) {
		switch ev.Kind {
		case Trapped:
			from, known := ev.Thread.From()
			handled = handled || known && from == mender
		case Leaving:
			mended, err = readWord(p.Memory, y)
		case ProcessGone:
			st = ev.Status
		}
		return err
	})
	if !handled || mended != 1 || st.Code != 0 || st.Signal != 0 {
		t.Errorf("handler stepped: %v, %d faults mended, ended with %v", handled, mended, st)
	}
}
