package ptrace

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/hwbp"
)

// disarmed checks what the registers of a thread hold.
func disarmed(th *Thread) error {
	v, err := peekUser(th.TID, debugReg(7))
	if err == nil && hwbp.DR7(v).Enabled() != 0 {
		err = fmt.Errorf("thread %d: DR7 is %#x", th.TID, v)
	}
	return err
}

// holds checks that the registers of a thread hold points.
func holds(th *Thread, points ...hwbp.Point) error {
	v, err := peekUser(th.TID, debugReg(7))
	if err != nil {
		return err
	}
	for i, p := range points {
		addr, err := peekUser(th.TID, debugReg(i))
		if err != nil {
			return err
		}
		access, length, on, err := hwbp.DR7(v).Get(i)
		if err != nil || on != (p.Len != 0) || (on && (addr != p.Addr || access != p.Access || length != p.Len)) {
			return fmt.Errorf("slot %d: %v %d bytes at %#x on %v, want %v (%w)", i, access, length, addr, on, p, err)
		}
	}
	return nil
}

func write(addr uint64, length uint8) hwbp.Point {
	return hwbp.Point{Addr: addr, Len: length, Access: hwbp.Write}
}

// hits counts what fires until the end of a program, by thread and slot. Hits whose
// cause a hypervisor lost are counted under slot -1.
func (s *session) hits(p *Process, born func(th *Thread) error) map[[2]int]int {
	s.t.Helper()
	n := map[[2]int]int{}
	s.run(func(ev Event) error {
		switch ev.Kind {
		case Born:
			return born(ev.Thread)
		case Trapped:
			slots, _, err := ev.Thread.Fired(&ev.Info)
			if err != nil {
				return err
			}
			if slots == 0 {
				n[[2]int{ev.Thread.TID, -1}]++
			}
			for i := range maxSlots {
				if slots>>i&1 != 0 {
					n[[2]int{ev.Thread.TID, i}]++
				}
			}
		}
		return nil
	})
	return n
}

// FACTS A1: four slots of one thread, and four others of another.
func TestFourPointsOnEachThread(t *testing.T) {
	const rounds = 200
	s := open(t)
	p := s.launch("all", fmt.Sprint(rounds))
	y := symbol(t, "y")
	var points [8]hwbp.Point
	for i := range points {
		points[i] = write(y+8*uint64(i), 8)
	}
	first := p.Threads()[0]
	s.arm(first, points[:4]...)
	second := 0
	n := s.hits(p, func(th *Thread) error {
		second = th.TID
		return th.SetSlots(points[4:])
	})
	for _, tid := range []int{first.TID, second} {
		total := n[[2]int{tid, -1}]
		for slot := range 4 {
			got := n[[2]int{tid, slot}]
			total += got
			if got > rounds {
				t.Errorf("thread %d slot %d: %d hits", tid, slot, got)
			}
		}
		if total != 4*rounds || n[[2]int{tid, -1}] > 8 {
			t.Errorf("thread %d: %d hits, want %d (%v)", tid, total, 4*rounds, n)
		}
	}
}

func TestOneStoreFiresSeveralSlots(t *testing.T) {
	s := open(t)
	p := s.launch("store")
	x := symbol(t, "x")
	th := p.Threads()[0]
	s.arm(th, write(x, 1), write(x+2, 2), write(x+4, 4), write(x, 8))
	s.resumeAll()
	ev := s.expect(Trapped)
	s.do(func() error {
		slots, step, err := th.Fired(&ev.Info)
		if err == nil && (slots != 0b1111 || step) {
			err = fmt.Errorf("slots %#b, step %v", slots, step)
		}
		return err
	})
	if v := s.word(p, x); v != 1 {
		t.Errorf("the store has not completed: %d", v)
	}
	if st := s.toTheEnd(p); st.Code != 0 {
		t.Error(st)
	}
}

func TestStepOverWatchedStore(t *testing.T) {
	s := open(t)
	p := s.launch("store")
	x, store := symbol(t, "x"), symbol(t, "store")
	s.breakAt(p, store)
	s.resumeAll()
	ev := s.expect(Breakpoint)
	th := ev.Thread
	s.arm(th, hwbp.Point{}, write(x, 8))
	fired := func(ev Event) (slots uint8, step bool) {
		s.do(func() (err error) { slots, step, err = th.Fired(&ev.Info); return err })
		return slots, step
	}
	s.do(func() error { return backToPlace(th) })
	s.do(func() (err error) { ev, err = s.g.StepOver(th); return err })
	if slots, step := fired(ev); slots != 0b10 || !step || ev.Kind != Trapped {
		t.Errorf("%v: slots %#b, step %v", ev.Kind, slots, step)
	}
	s.do(func() (err error) { ev, err = s.g.StepOver(th); return err }) // the nop behind it
	if slots, step := fired(ev); slots != 0 || !step {
		t.Errorf("slots %#b, step %v", slots, step)
	}
	if s.word(p, store)&0xff != 0xcc {
		t.Error("the breakpoint has gone")
	}
}

// A step that ends with a system call leaves DR6 as the last hit made it.
func TestStepOverSystemCallFiresNothing(t *testing.T) {
	s := open(t)
	p := s.launch("store")
	th := p.Threads()[0]
	s.arm(th, write(symbol(t, "x"), 8))
	s.resumeAll()
	s.expect(Trapped)
	s.do(func() error {
		before, err := th.Registers()
		if err != nil {
			return err
		}
		call, back := *before, *before
		at, err := p.syscallInstruction(th.TID)
		if err != nil {
			return err
		}
		call.prepareSyscall(at, unix.SYS_GETPID, nil)
		if err := th.SetRegisters(&call); err != nil {
			return err
		}
		ev, err := s.g.StepOver(th)
		if err != nil {
			return err
		}
		if slots, step, err := th.Fired(&ev.Info); err != nil || slots != 0 || !step {
			return fmt.Errorf("slots %#b, step %v, %v", slots, step, err)
		}
		return th.SetRegisters(&back)
	})
	if st := s.toTheEnd(p); st.Code != 0 {
		t.Error(st)
	}
}

// FACTS A5, J6: a slot takes any point after any other.
func TestSlotsTakeAnyPoint(t *testing.T) {
	s := open(t)
	p := s.launch("idle", "1")
	th := p.Threads()[0]
	x := symbol(t, "blank")
	s.do(func() error {
		for range 500 {
			var points []hwbp.Point
			for range rand.IntN(maxSlots + 1) {
				length := uint8(1) << rand.IntN(4)
				pt := hwbp.Point{Addr: x + uint64(rand.IntN(64)), Len: length, Access: hwbp.Write}
				pt.Addr &^= uint64(length - 1)
				switch rand.IntN(4) {
				case 0:
					pt = hwbp.Point{}
				case 1:
					pt.Access = hwbp.ReadWrite
				}
				points = append(points, pt)
			}
			if err := th.SetSlots(points); err != nil {
				return fmt.Errorf("%v: %w", points, err)
			}
			if err := holds(th, append(points, make([]hwbp.Point, maxSlots-len(points))...)...); err != nil {
				return fmt.Errorf("%v: %w", points, err)
			}
		}
		if err := th.SetSlots(make([]hwbp.Point, maxSlots+1)); err == nil || !strings.Contains(err.Error(), "5 points for 4 slots") {
			return fmt.Errorf("five points: %v", err)
		}
		// What no slot can hold is refused, and the thread can be used on.
		if err := th.SetSlots([]hwbp.Point{write(x+1, 8)}); err == nil {
			return errors.New("an unaligned point was taken")
		}
		if err := th.SetSlots([]hwbp.Point{write(0xffffffff81000000, 8)}); err == nil {
			return errors.New("a kernel address was taken")
		}
		if err := th.SetSlots([]hwbp.Point{write(x, 8)}); err != nil {
			return err
		}
		if err := holds(th, write(x, 8)); err != nil {
			return err
		}
		if err := th.SetSlots(nil); err != nil {
			return err
		}
		return disarmed(th)
	})
}

// FACTS A4: a new thread reads back its parent's DR7.
func TestNewThreadIsDisarmed(t *testing.T) {
	const stores = 100
	s := open(t)
	p := s.launch("stores", fmt.Sprint(stores), "2")
	x := symbol(t, "x")
	s.arm(p.Threads()[0], write(x, 8), write(x, 8))
	second := 0
	n := s.hits(p, func(th *Thread) error {
		second = th.TID
		if err := th.SetSlots(nil); err != nil {
			return err
		}
		if err := holds(th, make([]hwbp.Point, maxSlots)...); err != nil {
			return err
		}
		return th.SetSlots([]hwbp.Point{{}, {}, {}, write(x, 8)})
	})
	if got := n[[2]int{second, 3}] + n[[2]int{second, -1}]; got != stores {
		t.Errorf("%d hits on the new thread, want %d: %v", got, stores, n)
	}
	if got := n[[2]int{p.PID, 1}] + n[[2]int{p.PID, -1}]; got != stores {
		t.Errorf("%d hits on the first thread, want %d: %v", got, stores, n)
	}
}

func TestNoSlotIsFree(t *testing.T) {
	s := open(t)
	p := s.launch("idle", "1")
	th := p.Threads()[0]
	x := symbol(t, "blank")
	var fds []int
	for i := range 4 {
		fd, err := unix.PerfEventOpen(&unix.PerfEventAttr{Type: 5, Size: uint32(136), Bp_type: 2, Ext1: x + uint64(8*i), Ext2: 8,
			Bits: unix.PerfBitExcludeKernel | unix.PerfBitExcludeHv, Sample: 1}, th.TID, -1, -1, 0)
		if err != nil {
			for _, fd := range fds {
				unix.Close(fd)
			}
			if errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM) {
				t.Skipf("perf events are not permitted here: %v", err)
			}
			t.Fatal(err)
		}
		fds = append(fds, fd)
	}
	for i, fd := range fds {
		err := s.try(func() error {
			return th.SetSlots([]hwbp.Point{write(x, 8), write(x+8, 8), write(x+16, 8), write(x+24, 8)}[:i+1])
		})
		if !errors.Is(err, ErrNoSlot) {
			t.Errorf("with %d slots free for %d points: %v", i, i+1, err)
		}
		unix.Close(fd)
	}
	s.arm(th, write(x, 8), write(x+8, 8), write(x+16, 8), write(x+24, 8))
	s.do(func() error { return holds(th, write(x, 8), write(x+8, 8), write(x+16, 8), write(x+24, 8)) })
	s.do(func() error { return s.g.Kill(p) })
	if err := s.try(func() error { return th.SetSlots(nil) }); !errors.Is(err, ErrThreadGone) {
		t.Errorf("after the end: %v", err)
	}
}
