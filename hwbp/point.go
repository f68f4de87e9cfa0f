package hwbp

import "fmt"

// Access is the kind of access a point fires on, or the kind an instruction makes.
// The zero value is no access and is refused everywhere.
type Access uint8

const (
	Write     Access = 1 + iota // data writes
	ReadWrite                   // data reads and data writes, not instruction fetches
	Read                        // data reads only: arm64 has it, x86-64 has not
	Execute                     // the instruction that starts at the address
)

// String returns "write", "read-write", "read" or "execute".
func (a Access) String() string {
	switch a {
	case Write:
		return "write"
	case ReadWrite:
		return "read-write"
	case Read:
		return "read"
	case Execute:
		return "execute"
	}
	return fmt.Sprintf("access(%d)", uint8(a))
}

// Reads reports whether a includes data reads.
func (a Access) Reads() bool { return a == Read || a == ReadWrite }

// Writes reports whether a includes data writes.
func (a Access) Writes() bool { return a == Write || a == ReadWrite }

// Point is one debug-register setting. Points are comparable: two equal points
// are the same setting. Whether a given architecture can hold one is asked of
// [Limits.Check].
type Point struct {
	Addr   uint64 // virtual address of the first byte
	Len    uint8  // bytes watched; for Execute the architecture's [Limits.ExecLen]
	Access Access
}

// String returns for example "write 8 bytes at 0xc000012340" or "execute at 0x45f0a0".
func (p Point) String() string {
	switch {
	case p.Access == Execute:
		return fmt.Sprintf("%s at %#x", p.Access, p.Addr)
	case p.Len == 1:
		return fmt.Sprintf("%s 1 byte at %#x", p.Access, p.Addr)
	}
	return fmt.Sprintf("%s %d bytes at %#x", p.Access, p.Len, p.Addr)
}

// Fires reports whether an instruction that accesses the size bytes at addr makes
// the point fire. kind is what the instruction does: Read, Write, ReadWrite for
// one that does both (an atomic add), or Execute, where addr is the first byte of
// the instruction and size is not looked at. An access of size 0 fires nothing.
//
// A data point fires if the access touches any of its bytes, whatever the size
// and alignment of the access (Intel SDM 3B, 18.2.5; Arm ARM, D2, "Watchpoint
// exceptions"). An execution point fires on its own address alone.
func (p Point) Fires(kind Access, addr, size uint64) bool {
	if p.Access == Execute || kind == Execute {
		return p.Access == kind && p.Addr == addr
	}
	if !(p.Access.Reads() && kind.Reads()) && !(p.Access.Writes() && kind.Writes()) {
		return false
	}
	if p.Len == 0 || size == 0 {
		return false
	}
	// Differences modulo 2^64 need no care at the end of the address space.
	return addr-p.Addr < uint64(p.Len) || p.Addr-addr < size
}
