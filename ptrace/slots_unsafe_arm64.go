package ptrace

import (
	"unsafe"

	"github.com/argusdbg/argus/hwbp"
)

// maxSlots bounds what is used of an arm64 thread's watch slots. Processors
// have four (FACTS J1); those that have fewer refuse the rest with ENOSPC.
const maxSlots = 4

const ntARMHWWatch = 0x403 // NT_ARM_HW_WATCH

// hwDebugState is struct user_hwdebug_state
// (arch/arm64/include/uapi/asm/ptrace.h), as long as the slots in use.
type hwDebugState struct {
	info uint32
	_    uint32
	regs [maxSlots]struct {
		addr uint64
		ctrl uint32
		_    uint32
	}
}

// Limits says what the slots of this machine's threads can hold.
func Limits() hwbp.Limits { return hwbp.ARM64 }

// writeSlots arms and disarms all slots in one call. Addresses are multiples of
// eight with the bytes selected in the control word: the kernel checks a new
// address against the old length (FACTS J4).
func (th *Thread) writeSlots(want *[maxSlots]slotState) error {
	var st hwDebugState
	for i, p := range want {
		if p.Len == 0 {
			continue
		}
		th.everArmed = true
		wvr, wcr, err := hwbp.EncodeWatch(p)
		if err != nil {
			return err
		}
		st.regs[i].addr, st.regs[i].ctrl = wvr, uint32(wcr)
	}
	return setRegSet(th.TID, ntARMHWWatch, unsafe.Slice((*byte)(unsafe.Pointer(&st)), unsafe.Sizeof(st)))
}

const trapHWBkpt = 4 // TRAP_HWBKPT

// Fired tells of a thread at an event of kind [Trapped] which slots fired, bit n
// for slot n, and whether a single step ended. The kernel gives the first
// watched byte that was touched; real processors may give an address below it
// for a wide store, which then belongs to the nearest watchpoint (FACTS J5).
func (th *Thread) Fired(info *Siginfo) (slots uint8, step bool, err error) {
	if info.Code != trapHWBkpt {
		return 0, true, nil
	}
	nearest, distance := -1, ^uint64(0)
	for i, p := range th.slots {
		if p.Len == 0 {
			continue
		}
		d := uint64(0)
		switch addr := info.Addr(); {
		case addr < p.Addr:
			d = p.Addr - addr
		case addr >= p.Addr+uint64(p.Len):
			d = addr - p.Addr - uint64(p.Len) + 1
		}
		if d < distance {
			nearest, distance = i, d
		}
	}
	if nearest < 0 {
		return 0, false, nil
	}
	return 1 << nearest, false, nil
}
