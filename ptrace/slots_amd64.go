package ptrace

import "github.com/argusdbg/argus/hwbp"

const maxSlots = 4

// debugRegOffset is offsetof(struct user, u_debugreg)
// (arch/x86/include/asm/user_64.h).
const debugRegOffset = 848

func debugReg(n int) uintptr { return uintptr(debugRegOffset + 8*n) }

// archState is what is known of a thread's registers beyond the slots.
type archState struct {
	control hwbp.DR7 // what DR7 holds
}

// Limits says what the slots of this machine's threads can hold.
func Limits() hwbp.Limits { return hwbp.AMD64 }

// writeSlots brings DR0-3 and DR7 to what is wanted. A slot that changes is
// first switched off with its length and access bits cleared: a new address is
// checked against the old length (FACTS A5, J6). A new thread reads back its
// parent's DR7 while nothing is armed (FACTS A4): until the slots of a thread
// are known DR7 is written first, as zero.
func (th *Thread) writeSlots(want *[maxSlots]slotState) error {
	control := th.control
	var changed [maxSlots]bool
	for i := range want {
		changed[i] = !th.slotsKnown || want[i] != th.slots[i]
		if changed[i] {
			control = control.Clear(i)
		}
	}
	if !th.slotsKnown {
		control = 0
	}
	if control != th.control || !th.slotsKnown {
		if err := th.writeControl(control); err != nil {
			return err
		}
	}
	var err error
	for i, p := range want {
		if p.Len == 0 {
			continue
		}
		if changed[i] {
			th.everArmed = true
			if err := pokeUser(th.TID, debugReg(i), p.Addr); err != nil {
				return err
			}
		}
		if control, err = control.Set(i, p); err != nil {
			return err
		}
	}
	if control == th.control {
		return nil
	}
	return th.writeControl(control)
}

func (th *Thread) writeControl(control hwbp.DR7) error {
	if err := pokeUser(th.TID, debugReg(7), uint64(control)); err != nil {
		return err
	}
	th.control = control
	return nil
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
