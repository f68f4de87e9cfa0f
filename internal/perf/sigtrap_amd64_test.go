package perf

import (
	"testing"

	"github.com/argusdbg/argus/hwbp"
)

// trapPerf is TRAP_PERF (include/uapi/asm-generic/siginfo.h).
const trapPerf = 6

// exactly fails the test unless each stop since taken was called last is want,
// and there are n of them.
func (x *target) exactly(n int, want stop) {
	x.t.Helper()
	stops := x.taken()
	for _, s := range stops {
		if s != want {
			x.t.Fatalf("stop %+v, want %+v", s, want)
		}
	}
	if lost := x.lost(); len(stops) > n || uint64(len(stops))+lost < uint64(n) {
		x.t.Errorf("%d stops of %d (%d hits came without a cause)", len(stops), n, lost)
	}
}

// TestSigtrap: a stop for each hit, with the address of the point and the number
// given to the event.
func TestSigtrap(t *testing.T) {
	x := start(t)
	e := x.open(0, x.point(0, hwbp.Write), Options{Sigtrap: true, SigData: 1<<63 + 5})
	x.tell(0, opStore, 0, 20)
	x.exactly(20, stop{x.tid(0), trapPerf, x.watched, 1<<63 + 5})
	x.counted(e, 20)
}

// TestSigtrapExecute: as debug registers do, it stops before the instruction, and
// the kernel sees to it that the thread gets on.
func TestSigtrapExecute(t *testing.T) {
	x := start(t)
	e := x.open(0, hwbp.Point{Addr: x.called, Len: 1, Access: hwbp.Execute}, Options{Sigtrap: true, SigData: 1})
	x.tell(0, opCall, 0, 20)
	want := stop{x.tid(0), trapPerf, x.called, 1}
	stops := x.taken()
	for _, s := range stops {
		if s != want {
			t.Fatalf("stop %+v, want %+v", s, want)
		}
	}
	// A signal that comes between the stop and the instruction has it hit once more, when its
	// handler returns: the kernel does not keep the resume flag over it (FIX_EFLAGS in
	// arch/x86/include/asm/sighandling.h).
	n, lost := uint64(len(stops)), x.lost()
	if n+lost < 20 || n > 40 || count(t, e) < n || count(t, e) > n+lost {
		t.Errorf("%d stops of 20, %d hits counted (%d came without a cause)", n, count(t, e), lost)
	}
}

// TestSigtrapKernel: a store by the kernel stops the thread as well.
func TestSigtrapKernel(t *testing.T) {
	x := start(t)
	e, err := Open(x.tid(0), x.point(0, hwbp.Write), Options{Sigtrap: true, SigData: 1, Kernel: true})
	if err != nil {
		t.Skip("TestKernel tells:", err)
	}
	defer e.Close()
	x.tell(0, opRead, 0, 10)
	x.exactly(10, stop{x.tid(0), trapPerf, x.watched, 1})
}

// TestModifyData: sigtrap data changes with the point; Modify keeps it, and so
// does a move in vain.
func TestModifyData(t *testing.T) {
	x := start(t)
	// Opened disabled: a move in vain would leave it so.
	e := x.open(0, x.point(0, hwbp.Write), Options{Sigtrap: true, SigData: 1, Disabled: true})
	must(t, e.Enable())
	if e.ModifyData(hwbp.Point{Addr: 1 << 62, Len: 8, Access: hwbp.Write}, 2) == nil {
		t.Error("moved out of the address space")
	}
	x.tell(0, opStore, 0, 10)
	x.exactly(10, stop{x.tid(0), trapPerf, x.watched, 1})
	must(t, e.ModifyData(x.point(1, hwbp.Write), 3))
	x.tell(0, opStore, 0, 10)
	x.tell(0, opStore, 1, 10)
	x.exactly(10, stop{x.tid(0), trapPerf, x.watched + 8, 3})
	must(t, e.Modify(x.point(2, hwbp.Write)))
	x.tell(0, opStore, 2, 10)
	x.exactly(10, stop{x.tid(0), trapPerf, x.watched + 16, 3})
	x.counted(e, 30)
}

// TestOneStopForTwo: events that fire on one instruction give one stop; the
// counts tell.
func TestOneStopForTwo(t *testing.T) {
	x := start(t)
	a := x.open(0, x.point(0, hwbp.Write), Options{Sigtrap: true, SigData: 1})
	b := x.open(0, x.point(0, hwbp.ReadWrite), Options{Sigtrap: true, SigData: 2})
	x.tell(0, opStore, 0, 20)
	x.tell(0, opLoad, 0, 10)
	if n, lost := len(x.taken()), x.lost(); n > 30 || uint64(n)+lost < 30 {
		t.Errorf("%d stops of 30", n)
	}
	x.counted(a, 20)
	x.counted(b, 30)
}

// TestMoveInFlight moves and switches an event while its thread runs into it on
// another processor: there is a stop for each hit that is counted, and each tells
// the address that was hit. SigData is that of the delivery, so the last
// occupant's hit can carry the next one's: which is why Modify's comment says to
// go by the address.
func TestMoveInFlight(t *testing.T) {
	x := start(t)
	here, away := processors(t)
	pinHere(t, here)
	x.pin(0, away)
	e := x.open(0, x.point(0, hwbp.Write), Options{Sigtrap: true})
	x.order(0, opStore, 0, 0)
	for i := range uint64(2000) {
		must(t, e.ModifyData(x.point(1, hwbp.Write), 2*i+1))
		must(t, e.Disable())
		must(t, e.Enable())
		must(t, e.ModifyData(x.point(0, hwbp.Write), 2*i+2))
	}
	x.rest(0)
	stops := x.taken()
	late := 0
	for _, s := range stops {
		if s.addr != x.watched {
			t.Fatalf("hit at %#x, reported at %#x", x.watched, s.addr)
		}
		if s.data%2 == 1 {
			late++
		}
	}
	t.Logf("%d stops, %d with the data of the other occupant", len(stops), late)
	if n := count(t, e); n != uint64(len(stops)) || n == 0 {
		t.Errorf("%d hits counted, %d stops (%d came without a cause)", n, len(stops), x.lost())
	}
}

// TestTouchedByPtrace: a slot that ptrace has touched stays its own, also when it
// is empty again (FACTS A3).
func TestTouchedByPtrace(t *testing.T) {
	x := start(t)
	x.while(func() error {
		th := x.proc.Thread(x.tid(0))
		if err := th.SetSlots([]hwbp.Point{x.point(0, hwbp.Write)}); err != nil {
			return err
		}
		return th.SetSlots(nil)
	})
	for k := range limits.DataSlots - 1 {
		x.open(0, x.point(k, hwbp.Write), Options{})
	}
	if e, err := Open(x.tid(0), x.point(7, hwbp.Write), Options{}); err == nil {
		e.Close()
		t.Error("the kernel gives a slot back that ptrace has touched: FACTS A3 is out of date")
	}
}
