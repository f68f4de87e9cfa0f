package ptrace

import "github.com/argusdbg/argus/hwbp"

const maxSlots = 4

// debugRegOffset is offsetof(struct user, u_debugreg)
// (arch/x86/include/asm/user_64.h).
const debugRegOffset = 848

func debugReg(n int) uintptr { return uintptr(debugRegOffset + 8*n) }

// Limits says what the slots of this machine's threads can hold.
func Limits() hwbp.Limits { return hwbp.AMD64 }

// writeSlots brings DR0-3 and DR7 to what is wanted. A slot that changes is
// first switched off with its length and access bits cleared: a new address is
// checked against the old length (FACTS A5, J6). A new thread reads back its
// parent's DR7 while nothing is armed (FACTS A4): until the slots of a thread
// are known DR7 is written first, as zero.
func (th *Thread) writeSlots(want *[maxSlots]slotState) error {
	var kept [maxSlots]slotState // the slots that stay as they are
	for i := range want {
		if th.slotsKnown && want[i] == th.slots[i] {
			kept[i] = want[i]
		}
	}
	before, err := controlOf(&kept)
	if err != nil {
		return err
	}
	after, err := controlOf(want)
	if err != nil {
		return err
	}
	if !th.slotsKnown || kept != th.slots {
		if err := th.writeControl(before); err != nil {
			return err
		}
	}
	for i, p := range want {
		if p.Len == 0 || p == kept[i] {
			continue
		}
		th.everArmed = true
		if err := pokeUser(th.TID, debugReg(i), p.Addr); err != nil {
			return err
		}
	}
	if after == before {
		return nil
	}
	return th.writeControl(after)
}

// controlOf is the DR7 that slots need.
func controlOf(slots *[maxSlots]slotState) (control hwbp.DR7, err error) {
	for i, p := range slots {
		if p.Len == 0 {
			continue
		}
		if control, err = control.Set(i, p); err != nil {
			return 0, err
		}
	}
	return control, nil
}

func (th *Thread) writeControl(control hwbp.DR7) error {
	return pokeUser(th.TID, debugReg(7), uint64(control))
}

// Values of si_code that stand for a debug exception of the processor,
// after which the kernel has set DR6 anew (get_si_code in arch/x86/kernel/traps.c).
const (
	trapTrace  = 2 // TRAP_TRACE: a step ended; slots can have fired too
	trapHWBkpt = 4 // TRAP_HWBKPT
)

// Fired tells of a thread at an event of kind [Trapped] which slots fired, bit n
// for slot n, and whether a single step ended. The kernel resets the register at
// every debug exception (FACTS A6), but not for a step that ends with a system
// call (FACTS F8), nor for a perf event: what it holds then is long past, and none
// is reported ([TrapUnknown] is for the caller to judge).
func (th *Thread) Fired(info *Siginfo) (slots uint8, step bool, err error) {
	if info.Code != trapTrace && info.Code != trapHWBkpt {
		return 0, info.Code == TrapUnknown, nil
	}
	v, err := peekUser(th.TID, debugReg(6))
	if err != nil {
		return 0, false, err
	}
	return hwbp.DR6(v).Fired(), hwbp.DR6(v).SingleStep(), nil
}
