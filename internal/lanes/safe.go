package lanes

import (
	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/kstop"
	"github.com/argusdbg/argus/ptrace"
)

// signalled is fired for the safe driver. The records of the BPF program tell which
// hits the stop is about; a hit that left none, or that is one of many, was counted
// all the same and is owned up to as missed.
func (a *perfArms) signalled(info *ptrace.Siginfo) (shot, error) {
	regs, err := a.th.Registers()
	if err != nil {
		return shot{}, err
	}
	here, earlier := a.stop.Take(a.th.TID, regs.PC())
	trap := info.Signo == int32(unix.SIGTRAP)
	if len(here)+len(earlier) == 0 && (!trap || info.Code == ptrace.TrapPerf) {
		return shot{foreign: true}, nil
	}
	if err := a.lookAll(); err != nil {
		return shot{}, err
	}
	a.recorded(here, earlier)
	a.end(info)
	return a.sh, nil
}

// recorded tells of the hits that are in the records, and counts the others.
func (a *perfArms) recorded(here, earlier []kstop.Record) {
	sh := a.begin()
	about := here
	if len(here) == 0 {
		about, sh.deferred = earlier, len(earlier) > 0
	}
	for i := range a.debts {
		switch d := &a.debts[i]; {
		case has(about, d.point.Addr):
			a.tell(d, false)
		case d.former.Len != 0 && has(about, d.former.Addr):
			a.tell(d, true)
		default:
			a.miss(d.point, d.n)
		}
	}
}

func has(records []kstop.Record, addr uint64) bool {
	for i := range records {
		if records[i].Addr == addr {
			return true
		}
	}
	return false
}
