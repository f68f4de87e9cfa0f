package lanes

import (
	"errors"
	"math/bits"

	"github.com/argusdbg/argus/hwbp"
	"github.com/argusdbg/argus/ptrace"
)

// errShort: others use slots of a thread.
var errShort = errors.New("another user holds debug registers of the thread")

// byPtrace is the driver that uses ptrace's debug registers.
type byPtrace struct{}

func (byPtrace) name() string { return DriverPtrace }

func (byPtrace) moves() bool { return false }

func (byPtrace) open(th *ptrace.Thread) arms { return &ptraceArms{th: th} }

type ptraceArms struct {
	th      *ptrace.Thread
	touched uint16 // slots that the kernel keeps for us as long as the thread lives (FACTS A3)
}

// set sets slot by slot where one is used for the first time, to learn which of them
// there are.
func (a *ptraceArms) set(want *[maxSlots]hwbp.Point, _ bool) (usable uint16, err error) {
	slots := ptrace.Limits().Slots(hwbp.Write)
	first := *want
	var fresh uint16
	for i := range slots {
		if want[i].Len != 0 && a.touched&(1<<i) == 0 {
			fresh |= 1 << i
			first[i] = hwbp.Point{}
		}
	}
	for {
		err := a.th.SetSlots(first[:slots])
		switch {
		case errors.Is(err, ptrace.ErrNoSlot):
			return a.touched, errShort
		case err != nil:
			return 0, err
		}
		for i := range slots {
			if first[i].Len != 0 {
				a.touched |= 1 << i
			}
		}
		if fresh == 0 {
			return 0, nil
		}
		i := bits.TrailingZeros16(fresh)
		fresh &^= 1 << i
		first[i] = want[i]
	}
}

func (a *ptraceArms) fired(info *ptrace.Siginfo) (shot, error) {
	slots, _, err := a.th.Fired(info)
	return shot{now: uint16(slots), unknown: slots == 0 && info.Code == ptrace.TrapUnknown}, err
}

func (a *ptraceArms) left() shot { return shot{} }

func (a *ptraceArms) close() error {
	if a.th.Gone() || a.touched == 0 {
		return nil
	}
	return a.th.SetSlots(nil)
}
