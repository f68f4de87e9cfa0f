package hwbp

import (
	"errors"
	"fmt"
)

// The reasons inside a [RangeError], for errors.Is.
var (
	// ErrEmpty: the range has no bytes.
	ErrEmpty = errors.New("the range is empty; give a size of at least 1 byte")
	// ErrWrap: the range runs past the last address, 2^64-1.
	ErrWrap = errors.New("the range runs past the end of the address space; check address and size")
	// ErrTooLarge: the range needs more than [MaxPoints] points.
	ErrTooLarge = fmt.Errorf("the range needs more than %d points; watch a smaller part of it", MaxPoints)
	// ErrInexact: no points cover exactly these bytes, as with execution on arm64
	// where instructions start at multiples of 4.
	ErrInexact = errors.New("no points cover exactly these bytes; align address and size to whole instructions")
)

// RangeError is returned by [Cover] for a range it cannot cover. Err is one of
// [ErrEmpty], [ErrWrap], [ErrTooLarge] and [ErrInexact].
type RangeError struct {
	Addr, Size uint64 // as given
	Access     Access
	Err        error
}

func (e *RangeError) Error() string {
	return fmt.Sprintf("%s range of %d bytes at %#x: %v", e.Access, e.Size, e.Addr, e.Err)
}

// Unwrap returns the reason.
func (e *RangeError) Unwrap() error { return e.Err }

// AccessError says that an architecture has no such access.
type AccessError struct {
	Arch   string // [Limits.Arch]
	Access Access
}

func (e *AccessError) Error() string {
	if e.Access == Read {
		return e.Arch + " has no read-only watchpoints; use read-write, which fires on writes as well"
	}
	return fmt.Sprintf("%s has no %s points; use write, read-write or execute", e.Arch, e.Access)
}

// PointError says why one slot cannot hold a point.
type PointError struct {
	Arch   string // [Limits.Arch]
	Point  Point
	Reason string // what the architecture asks for
}

func (e *PointError) Error() string {
	return fmt.Sprintf("a debug register of %s cannot hold %q: %s", e.Arch, e.Point.String(), e.Reason)
}

// SlotError says that there is no slot of that number.
type SlotError struct {
	Slot  int
	Slots int // legal slots are 0 to Slots-1
}

func (e *SlotError) Error() string {
	return fmt.Sprintf("no debug register %d; use 0 to %d", e.Slot, e.Slots-1)
}

// CountError says that a number of slots cannot be one a processor has.
type CountError struct {
	Kind  string // "watchpoint" or "breakpoint"
	Count int
}

func (e *CountError) Error() string {
	if e.Count == 0 {
		return "no hardware " + e.Kind + " slots on this machine (emulators and some hypervisors hide them)"
	}
	return fmt.Sprintf("%d hardware %s slots reported; arm64 has 1 to %d", e.Count, e.Kind, maxARM64Slots)
}

// DecodeError says that a register holds something that is not a point: another
// program's setting, or a value the architecture leaves undefined.
type DecodeError struct {
	Register string // "DR7", "WCR", "WVR", "BCR" or "BVR"
	Value    uint64 // what the register holds
	Reason   string
}

func (e *DecodeError) Error() string {
	return fmt.Sprintf("%s %#x holds no point: %s", e.Register, e.Value, e.Reason)
}
