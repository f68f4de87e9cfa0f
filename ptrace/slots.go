package ptrace

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/hwbp"
)

// ErrNoSlot: the kernel has no debug register left for a thread, because
// another user (a perf event, for all tasks or for this one) holds it.
var ErrNoSlot = errors.New("no debug register is free: another user of the processor's debug registers holds it")

// ErrNoDebugRegisters: the kernel offers none, as under translators of machine
// code and in some sandboxes (FACTS G2).
var ErrNoDebugRegisters = errors.New("this machine gives no access to debug registers (an emulator or sandbox?): watchpoints cannot be set here")

// slotState is what a slot of a thread is known to hold; a zero Len is nothing.
type slotState = hwbp.Point

// SetSlots makes a stopped thread's data slots hold points, slot by slot; a
// point with Len 0 leaves its slot empty. Slots that are right already are not
// touched, nor are those that never held anything: the kernel reserves a slot
// once touched for the thread until it exits (FACTS A3). points has at most as
// many elements as there are slots.
func (th *Thread) SetSlots(points []hwbp.Point) error {
	if len(points) > maxSlots {
		return fmt.Errorf("%d points for %d slots", len(points), maxSlots)
	}
	var want [maxSlots]slotState
	copy(want[:], points)
	if th.slotsKnown && want == th.slots {
		return nil
	}
	if err := th.writeSlots(&want); err != nil {
		th.slotsKnown = false
		if gone(err) {
			return ErrThreadGone
		}
		return fmt.Errorf("debug registers of thread %d: %w", th.TID, slotError(err))
	}
	th.slots, th.slotsKnown = want, true
	return nil
}

func slotError(err error) error {
	switch {
	case errors.Is(err, unix.ENOSPC):
		return ErrNoSlot
	case errors.Is(err, unix.EIO), errors.Is(err, unix.ENODEV), errors.Is(err, unix.ENOSYS):
		return ErrNoDebugRegisters
	}
	return err
}

// disarm empties the slots of a thread that holds something in them.
func (th *Thread) disarm() error {
	if th.slotsKnown && th.slots == [maxSlots]slotState{} {
		return nil
	}
	if !th.slotsKnown && !th.everArmed {
		return nil
	}
	return th.writeSlots(&[maxSlots]slotState{})
}
