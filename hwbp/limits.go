package hwbp

import "fmt"

// window is the aligned unit no data point crosses on either architecture: 8 is
// the longest point, and arm64 selects bytes inside one doubleword.
const window = 8

// maxARM64Slots is ARM_MAX_WRP and ARM_MAX_BRP of the kernel's
// arch/arm64/include/asm/hw_breakpoint.h: ID_AA64DFR0_EL1 has 4 bits for either.
const maxARM64Slots = 16

// Limits describes what one lane's debug registers can hold. It is comparable.
type Limits struct {
	Arch string // as in GOARCH: "amd64" or "arm64"

	// DataSlots and ExecSlots count the slots for data and for execution points.
	// When Shared is set both draw on one pool, and both fields give its size.
	DataSlots, ExecSlots int
	Shared               bool

	Accesses uint8  // bit 1<<a is set if access a exists; see Has
	DataLens uint16 // bit 1<<n is set if a data point may be n bytes long; see HasLen
	// DataAligned: a data point's address is a multiple of its length. If not set
	// it need only stay inside one aligned doubleword.
	DataAligned bool
	ExecLen     uint8 // length of an execution point in bytes, and its alignment
}

// AMD64 is x86-64: four slots for data and execution alike, lengths 1, 2, 4 and 8
// aligned to themselves, no read-only access (Intel SDM 3B, 18.2.4 and 18.2.5).
// An execution point is 1 byte long here, as DR7 wants it (LEN 00); that
// perf_event_open wants 8 for the same thing is the caller's to know.
// It is a constant in all but name: do not change it.
var AMD64 = Limits{
	Arch:        "amd64",
	DataSlots:   4,
	ExecSlots:   4,
	Shared:      true,
	Accesses:    1<<Write | 1<<ReadWrite | 1<<Execute,
	DataLens:    1<<1 | 1<<2 | 1<<4 | 1<<8,
	DataAligned: true,
	ExecLen:     1,
}

// ARM64 is arm64 with four watchpoint and six breakpoint slots, the numbers of
// most cores (FACTS J1). A machine's own come from [NewARM64].
// It is a constant in all but name: do not change it.
var ARM64 = arm64(4, 6)

func arm64(watch, brk int) Limits {
	return Limits{
		Arch:      "arm64",
		DataSlots: watch,
		ExecSlots: brk,
		Accesses:  1<<Write | 1<<ReadWrite | 1<<Read | 1<<Execute,
		DataLens:  0x1fe, // 1 to 8
		ExecLen:   4,
	}
}

// NewARM64 returns the limits of an arm64 machine with as many watchpoint and
// breakpoint slots as its kernel reports ([DebugInfo.Slots]). Numbers outside 1
// to 16 give a [*CountError].
func NewARM64(watch, brk int) (Limits, error) {
	if watch < 1 || watch > maxARM64Slots {
		return Limits{}, &CountError{Kind: "watchpoint", Count: watch}
	}
	if brk < 1 || brk > maxARM64Slots {
		return Limits{}, &CountError{Kind: "breakpoint", Count: brk}
	}
	return arm64(watch, brk), nil
}

// Has reports whether the architecture has access a.
func (l Limits) Has(a Access) bool { return l.Accesses&(1<<a) != 0 }

// HasLen reports whether a data point may be n bytes long.
func (l Limits) HasLen(n uint8) bool { return l.DataLens&(1<<n) != 0 }

// Slots returns how many points of access a a lane can hold when it holds no
// others; 0 if there is no such access.
func (l Limits) Slots(a Access) int {
	switch {
	case !l.Has(a):
		return 0
	case a == Execute:
		return l.ExecSlots
	}
	return l.DataSlots
}

// Check reports whether one slot can hold exactly p. The error is an
// [*AccessError] or a [*PointError]; for the latter [Cover] finds points that do.
func (l Limits) Check(p Point) error {
	if !l.Has(p.Access) {
		return &AccessError{Arch: l.Arch, Access: p.Access}
	}
	if l.holds(p) {
		return nil
	}
	return &PointError{Arch: l.Arch, Point: p, Reason: l.reason(p)}
}

// holds is Check for a point whose access exists, without an error's allocation:
// Cover asks it up to eight times a point.
func (l Limits) holds(p Point) bool {
	switch {
	case p.Len == 0:
		return false
	case p.Access == Execute:
		return p.Len == l.ExecLen && p.Addr%uint64(l.ExecLen) == 0
	case !l.HasLen(p.Len):
		return false
	case l.DataAligned:
		return p.Addr%uint64(p.Len) == 0
	}
	return p.Addr%window+uint64(p.Len) <= window
}

// reason says what p lacks, for a point that holds refuses.
func (l Limits) reason(p Point) string {
	switch {
	case p.Access == Execute && p.Len != l.ExecLen:
		return fmt.Sprintf("an execution point has length %d, not %d", l.ExecLen, p.Len)
	case p.Access == Execute:
		return fmt.Sprintf("the address must be a multiple of %d", l.ExecLen)
	case p.Len == 0 || !l.HasLen(p.Len):
		return fmt.Sprintf("%d is not one of its lengths", p.Len)
	case l.DataAligned:
		return fmt.Sprintf("the address must be a multiple of %d; use several points", p.Len)
	}
	return fmt.Sprintf("the bytes must lie in one aligned group of %d; use several points", window)
}
