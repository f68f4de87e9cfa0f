package lanes

import (
	"errors"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/hwbp"
	"github.com/argusdbg/argus/internal/kstop"
	"github.com/argusdbg/argus/internal/perf"
	"github.com/argusdbg/argus/ptrace"
)

// sigMark is in the sig_data of all our events, above the slot: a program can have
// such events of its own.
const sigMark = 0x61_72_67_75_73 << 8

// byPerf is the driver that uses perf events.
type byPerf struct {
	stop   *kstop.Program // nil: the kernel stops the thread by SIGTRAP
	kernel bool           // accesses that system calls make are hits too; not with stop
}

func (d byPerf) name() string {
	if d.stop != nil {
		return DriverSafe
	}
	return DriverPerf
}

func (byPerf) moves() bool { return true }

func (d byPerf) open(th *ptrace.Thread) arms {
	return &perfArms{th: th, stop: d.stop, kernel: d.kernel}
}

// perfSlot is one event.
type perfSlot struct {
	event *perf.Event // nil: not open
	on    bool
	point hwbp.Point // what it holds, if on, or held last
	seen  uint64     // the count when it was last looked at

	filter perfFilter

	// What it held before it was changed last, since the last stop; Len 0 if it was not.
	former hwbp.Point
}

// debt is hits that were counted, and that no stop has told of yet. Between a look at a
// count and the change of the slot there can be another hit: so a debt is point's or
// former's, and what the stop says of its address tells whose.
type debt struct {
	slot          int
	point, former hwbp.Point
	n             uint64
}

type perfArms struct {
	th     *ptrace.Thread
	stop   *kstop.Program
	kernel bool
	slots  [maxSlots]perfSlot

	verdicts []verdictOf // of filters that slots do not have any more

	debts []debt
	sh    shot // what fired returned last, for its slices
}

// set changes only what differs.
func (a *perfArms) set(want *[maxSlots]hwbp.Point, keep bool) (usable uint16, err error) {
	for i := range want {
		s := &a.slots[i]
		if s.event != nil && s.on && want[i].Len == 0 {
			if err := s.event.Disable(); err != nil {
				return 0, err
			}
			s.on = false
			if err := a.leave(i); err != nil {
				return 0, err
			}
		}
	}
	if !keep && *want == [maxSlots]hwbp.Point{} {
		return 0, a.close()
	}
	for i, p := range want {
		s := &a.slots[i]
		if p.Len == 0 {
			continue
		}
		if err := a.refit(i); err != nil {
			return 0, err
		}
		if s.on && s.point == p {
			continue
		}
		switch err := a.fill(i, p); {
		case errors.Is(err, perf.ErrNoSlot):
			return a.open(), errShort
		case err != nil:
			return 0, err
		}
		s.on = true
	}
	return 0, nil
}

// open returns the slots that have events.
func (a *perfArms) open() (mask uint16) {
	for i := range a.slots {
		if a.slots[i].event != nil {
			mask |= 1 << i
		}
	}
	return mask
}

// look takes in the count of a slot.
func (a *perfArms) look(i int) error {
	s := &a.slots[i]
	n, err := s.stops()
	if err != nil {
		return err
	}
	if d := n - s.seen; d > 0 {
		s.seen = n
		a.owe(debt{i, s.point, s.former, d})
	}
	return nil
}

// owe adds to the debts. A thread that was hit executes nothing more until it stops:
// there is more than one instruction's worth only where the signal is blocked.
func (a *perfArms) owe(d debt) {
	for i := range a.debts {
		if o := &a.debts[i]; o.slot == d.slot && o.point == d.point && o.former == d.former {
			o.n += d.n
			return
		}
	}
	a.debts = append(a.debts, d)
}

// leave looks once more at a slot that is about to be changed, or has been.
func (a *perfArms) leave(i int) error {
	err := a.look(i)
	a.slots[i].former = a.slots[i].point
	return err
}

// fill makes a slot hold p.
func (a *perfArms) fill(i int, p hwbp.Point) (err error) {
	s := &a.slots[i]
	if s.event == nil {
		s.event, err = perf.Open(a.th.TID, p, perf.Options{
			Sigtrap: a.stop == nil, SigData: sigMark | uint64(i), Disabled: a.stop != nil || s.filter.want != nil,
			Kernel: a.kernel})
		if err != nil {
			return err
		}
		s.point = p
		if a.stop == nil && s.filter.want == nil {
			return nil
		}
		if err := a.equip(s); err != nil {
			// Without the program its hits would stop nobody.
			return errors.Join(err, s.shut())
		}
		return s.event.Enable()
	}
	if s.on {
		if err := a.leave(i); err != nil {
			return err
		}
	}
	if err := s.event.Modify(p); err != nil {
		return err
	}
	s.point = p
	if s.on {
		return nil
	}
	return s.event.Enable()
}

// fired goes by the counts: a stop only says when to look (FACTS B3).
func (a *perfArms) fired(info *ptrace.Siginfo) (shot, error) {
	if a.stop != nil {
		return a.signalled(info)
	}
	perf := info.Code == ptrace.TrapPerf
	if perf && info.Value()&^0xff != sigMark {
		return shot{foreign: true}, nil
	}
	if err := a.lookAll(); err != nil {
		return shot{}, err
	}
	sh := a.begin()
	sh.deferred = perf && info.PerfFlags()&1 != 0
	// With the signal blocked it can have been the program's own as well: of several nobody
	// knows then whether they were one access.
	if sh.call = perf && !sh.deferred && a.inCall(); sh.call {
		// One copy can be a hit for each of its bytes (FACTS B5): it is one access.
		for i := range a.debts {
			a.debts[i].n = 1
		}
	}
	for i := range a.debts {
		d := &a.debts[i]
		a.tell(d, perf && nearer(d.former, d.point, info.Addr()))
	}
	a.end(info)
	return *sh, nil
}

// inCall reports whether the thread is at the end of a system call: the hit was made
// inside, since it would have stopped right behind one of the program's own.
func (a *perfArms) inCall() bool {
	if !a.kernel {
		return false
	}
	regs, err := a.th.Registers()
	if err != nil {
		return false // being killed
	}
	_, in := regs.SystemCall()
	return in
}

// nearer reports whether a stop at addr is rather about the point p than about q. It is
// at the very address of one of those that were hit; the same instruction can have hit
// another not far from there.
func nearer(p, q hwbp.Point, addr uint64) bool {
	return p.Len != 0 && distance(p.Addr, addr) < distance(q.Addr, addr)
}

func distance(a, b uint64) uint64 { return max(a, b) - min(a, b) }

func (a *perfArms) lookAll() error {
	for i := range a.slots {
		if a.slots[i].event == nil {
			continue
		}
		if err := a.look(i); err != nil {
			return err
		}
	}
	return nil
}

// begin makes room for what a stop tells.
func (a *perfArms) begin() *shot {
	a.sh = shot{late: a.sh.late[:0], missed: a.sh.missed[:0]}
	return &a.sh
}

// tell adds a debt to what a stop tells: one hit of the point, and the others as missed.
func (a *perfArms) tell(d *debt, former bool) {
	p, n := d.point, d.n
	if former {
		p = d.former
	}
	switch s := &a.slots[d.slot]; {
	case s.event != nil && s.on && s.point == p && a.sh.now&(1<<d.slot) == 0:
		a.sh.now |= 1 << d.slot
		n--
	case !(s.on && s.point == p) && !slices.Contains(a.sh.late, p):
		a.sh.late = append(a.sh.late, p)
		n--
	}
	a.miss(p, n)
}

// miss notes hits of which only their number is known.
func (a *perfArms) miss(p hwbp.Point, n uint64) {
	if n > 0 {
		a.sh.missed = append(a.sh.missed, missed{p, n})
	}
}

// end is for a stop that has been told of: all debts are paid. If nothing tells what it
// was about, what was armed lately may have been it too.
func (a *perfArms) end(info *ptrace.Siginfo) {
	a.sh.unknown = info.Signo == int32(unix.SIGTRAP) && info.Code == ptrace.TrapUnknown && len(a.debts) == 0
	for i := range a.slots {
		s := &a.slots[i]
		if a.sh.unknown && s.former.Len != 0 {
			a.sh.late = append(a.sh.late, s.former)
		}
		s.former = hwbp.Point{}
	}
	a.debts = a.debts[:0]
}

// left tells of the hits of a thread that will not stop any more.
func (a *perfArms) left() shot {
	_ = a.lookAll() // what can be read is told
	sh := a.begin()
	for _, d := range a.debts {
		a.miss(d.point, d.n)
	}
	a.end(&ptrace.Siginfo{})
	return *sh
}

func (a *perfArms) close() error {
	var errs []error
	for i := range a.slots {
		if s := &a.slots[i]; s.event != nil {
			errs = append(errs, s.shut())
		}
	}
	return errors.Join(errs...)
}
