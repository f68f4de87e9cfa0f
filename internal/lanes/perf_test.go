package lanes

import (
	"runtime"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/hwbp"
	"github.com/argusdbg/argus/internal/perf"
	"github.com/argusdbg/argus/internal/testkit"
	"github.com/argusdbg/argus/ptrace"
)

func at(addr uint64) hwbp.Point { return hwbp.Point{Addr: addr, Len: 8, Access: hwbp.Write} }

// fakeSlots makes arms of which the slots hold points, and whose events nobody asks.
func fakeSlots(points ...hwbp.Point) *perfArms {
	a := &perfArms{}
	for i, p := range points {
		a.slots[i] = perfSlot{event: &perf.Event{}, on: p.Len != 0, point: p}
	}
	return a
}

// TestWhose: a hit that was counted about when its slot was changed is of the point that
// the stop's address names.
func TestWhose(t *testing.T) {
	for _, c := range []struct {
		name          string
		point, former hwbp.Point
		addr          uint64
		wantFormer    bool
	}{
		{"the present", at(0x100), at(0x200), 0x100, false},
		{"the one before", at(0x100), at(0x200), 0x200, true},
		{"not changed", at(0x100), hwbp.Point{}, 0x200, false},
		{"another slot's, next to the one before", at(0x100), at(0x208), 0x200, true},
		{"another slot's, next to the present", at(0x108), at(0x208), 0x100, false},
		{"the same memory", at(0x100), hwbp.Point{Addr: 0x100, Len: 4, Access: hwbp.Write}, 0x100, false},
	} {
		if got := nearer(c.former, c.point, c.addr); got != c.wantFormer {
			t.Errorf("%s: former %v", c.name, got)
		}
	}
}

func TestTell(t *testing.T) {
	x, y, z := at(0x100), at(0x200), at(0x300)
	for _, c := range []struct {
		name   string
		debts  []debt
		former bool
		now    uint16
		late   []hwbp.Point
		missed []missed
	}{
		{"one hit", []debt{{slot: 1, point: y, n: 1}}, false, 1 << 1, nil, nil},
		{"several of one stop", []debt{{slot: 0, point: x, n: 3}}, false, 1 << 0, nil, []missed{{x, 2}}},
		{"two slots", []debt{{slot: 0, point: x, n: 1}, {slot: 1, point: y, n: 1}}, false, 3, nil, nil},
		{"of the one before", []debt{{slot: 0, point: x, former: z, n: 2}}, true, 0, []hwbp.Point{z}, []missed{{z, 1}}},
		{"found when it was changed", []debt{{slot: 0, point: z, n: 1}}, false, 0, []hwbp.Point{z}, nil},
		{"found twice", []debt{{slot: 0, point: z, n: 1}, {slot: 0, point: x, former: z, n: 1}}, true, 0, []hwbp.Point{z}, []missed{{z, 1}}},
		{"twice the present", []debt{{slot: 0, point: x, former: y, n: 1}, {slot: 0, point: x, former: z, n: 2}}, false, 1, nil, []missed{{x, 2}}},
		{"of a slot that is off", []debt{{slot: 2, point: z, n: 1}}, false, 0, []hwbp.Point{z}, nil},
	} {
		a := fakeSlots(x, y, hwbp.Point{})
		a.begin()
		for i := range c.debts {
			a.tell(&c.debts[i], c.former && c.debts[i].former.Len != 0)
		}
		if a.sh.now != c.now || !slices.Equal(a.sh.late, c.late) || !slices.Equal(a.sh.missed, c.missed) {
			t.Errorf("%s: now %b, late %v, missed %v", c.name, a.sh.now, a.sh.late, a.sh.missed)
		}
		var n, want uint64
		for _, d := range c.debts {
			want += d.n
		}
		for _, m := range a.sh.missed {
			n += m.n
		}
		for s := a.sh.now; s != 0; s &= s - 1 {
			n++
		}
		if n+uint64(len(a.sh.late)) != want {
			t.Errorf("%s: %d hits told, %d counted", c.name, n+uint64(len(a.sh.late)), want)
		}
	}
}

// TestDebts: they do not grow without bound where a thread does not stop, and nothing of
// them is lost.
func TestDebts(t *testing.T) {
	a := fakeSlots(at(0x100))
	for i := range 1000 {
		a.owe(debt{0, at(uint64(i % 3)), at(uint64(i % 2)), 1})
	}
	var n uint64
	for _, d := range a.debts {
		n += d.n
	}
	if len(a.debts) != 6 || n != 1000 {
		t.Errorf("%d debts with %d hits", len(a.debts), n)
	}
}

// TestUnknownStop: a stop without a cause may have been about what was there before, too.
func TestUnknownStop(t *testing.T) {
	a := fakeSlots(at(0x100), at(0x200))
	a.slots[1].former = at(0x300)
	a.begin()
	a.end(trap(ptrace.TrapUnknown))
	if !a.sh.unknown || !slices.Equal(a.sh.late, []hwbp.Point{at(0x300)}) {
		t.Errorf("unknown %v, late %v", a.sh.unknown, a.sh.late)
	}
	a.begin()
	a.end(trap(ptrace.TrapUnknown))
	if len(a.sh.late) != 0 {
		t.Error("what was there before the stop before is told again")
	}
	a.begin()
	a.debts = append(a.debts, debt{slot: 0, point: at(0x100), n: 1})
	a.tell(&a.debts[0], false)
	a.end(trap(ptrace.TrapUnknown))
	if a.sh.unknown || a.sh.now != 1 || len(a.debts) != 0 {
		t.Errorf("with a count: unknown %v, now %b", a.sh.unknown, a.sh.now)
	}
}

// TestPerfForeign: the program's own events are not ours.
func TestPerfForeign(t *testing.T) {
	a := fakeSlots()
	if sh, err := a.fired(trap(ptrace.TrapPerf)); err != nil || !sh.foreign {
		t.Errorf("%+v, %v", sh, err)
	}
	if sh, err := a.fired(trap(4)); err != nil || sh.foreign || sh.now != 0 {
		t.Errorf("%+v, %v", sh, err)
	}
}

// TestPerfArmsDoNotAllocate: neither a turn nor a hit does, with events of the kernel's.
func TestPerfArmsDoNotAllocate(t *testing.T) {
	if perf.Probe().Sigtrap != nil || perf.Probe().Modify != nil {
		t.Skip("no perf events here")
	}
	testkit.Watchdog(t)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	a := byPerf{}.open(&ptrace.Thread{TID: unix.Gettid()}).(*perfArms)
	var one, other [maxSlots]hwbp.Point // memory that is not there
	one[0], one[1] = at(0x1000), at(0x1008)
	other[1], other[2] = at(0x1010), at(0x1018)
	info := trap(ptrace.TrapUnknown)
	turn := func() {
		for _, want := range []*[maxSlots]hwbp.Point{&one, &other} {
			if _, err := a.set(want, false); err != nil {
				t.Fatal(err)
			}
		}
		a.owe(debt{slot: 1, point: at(0x1010), n: 2})
		if sh, err := a.fired(info); err != nil || sh.now != 1<<1 || len(sh.missed) != 1 {
			t.Fatalf("%+v, %v", sh, err)
		}
	}
	turn()
	if n := testing.AllocsPerRun(100, turn); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if got := a.open(); got != 1<<0|1<<1|1<<2 {
		t.Errorf("events in slots %b", got)
	}
	if _, err := a.set(&[maxSlots]hwbp.Point{}, false); err != nil || a.open() != 0 {
		t.Errorf("nothing wanted, and events in slots %b; %v", a.open(), err)
	}
}
