package uffd

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Of include/uapi/linux/userfaultfd.h.
const (
	userModeOnly = 1 // UFFD_USER_MODE_ONLY, Linux 5.11

	ioctlAPI          = 0xc018aa3f // UFFDIO_API: _IOWR(0xAA, 0x3F, struct uffdio_api)
	ioctlRegister     = 0xc020aa00 // UFFDIO_REGISTER: _IOWR(0xAA, 0x00, struct uffdio_register)
	ioctlUnregister   = 0x8010aa01 // UFFDIO_UNREGISTER: _IOR(0xAA, 0x01, struct uffdio_range)
	ioctlWake         = 0x8010aa02 // UFFDIO_WAKE: _IOR(0xAA, 0x02, struct uffdio_range)
	ioctlWriteProtect = 0xc018aa06 // UFFDIO_WRITEPROTECT: _IOWR(0xAA, 0x06, struct uffdio_writeprotect)

	apiVersion = 0xaa // UFFD_API

	registerWP = 1 << 1 // UFFDIO_REGISTER_MODE_WP
	protectWP  = 1 << 0 // UFFDIO_WRITEPROTECT_MODE_WP
	dontWake   = 1 << 1 // UFFDIO_WRITEPROTECT_MODE_DONTWAKE
)

// Features (UFFD_FEATURE_*), with the version of Linux that brought each.
const (
	PagefaultFlagWP  = 1 << 0  // 5.7
	EventRemap       = 1 << 2  // 4.11
	EventRemove      = 1 << 3  // 4.11
	EventUnmap       = 1 << 6  // 4.11
	ThreadID         = 1 << 8  // 4.14
	ExactAddress     = 1 << 11 // 5.18
	WPHugetlbfsShmem = 1 << 12 // 5.19
	WPUnpopulated    = 1 << 13 // 6.4
	WPAsync          = 1 << 15 // 6.7
)

// Events (UFFD_EVENT_*).
const (
	Pagefault = 0x12
	Remap     = 0x14
	Remove    = 0x15
	Unmap     = 0x16
)

// FD is a userfaultfd of another process.
type FD int

// Handshake asks for features. It may be repeated if it fails.
func (u FD) Handshake(features uint64) error {
	arg := struct{ api, features, ioctls uint64 }{api: apiVersion, features: features}
	return ioctl(int(u), ioctlAPI, unsafe.Pointer(&arg))
}

// Register makes the pages of a range ones that can be protected. EBUSY: another
// userfaultfd has them. EINVAL: nothing is mapped there, or memory of another kind.
func (u FD) Register(start, size uint64) error {
	arg := struct{ start, size, mode, ioctls uint64 }{start, size, registerWP, 0}
	return ioctl(int(u), ioctlRegister, unsafe.Pointer(&arg))
}

// Unregister undoes Register, protection included, and wakes who waits there.
func (u FD) Unregister(start, size uint64) error {
	arg := struct{ start, size uint64 }{start, size}
	return ioctl(int(u), ioctlUnregister, unsafe.Pointer(&arg))
}

// Protect makes the next write to each page of a range a fault.
func (u FD) Protect(start, size uint64) error { return u.writeProtect(start, size, protectWP) }

// Open takes the protection off, and wakes those who wait for it if wake is set.
func (u FD) Open(start, size uint64, wake bool) error {
	if wake {
		return u.writeProtect(start, size, 0)
	}
	return u.writeProtect(start, size, dontWake)
}

// Wake lets those who wait at a range try again.
func (u FD) Wake(start, size uint64) error {
	arg := struct{ start, size uint64 }{start, size}
	return ioctl(int(u), ioctlWake, unsafe.Pointer(&arg))
}

func (u FD) writeProtect(start, size, mode uint64) error {
	arg := struct{ start, size, mode uint64 }{start, size, mode}
	return ioctl(int(u), ioctlWriteProtect, unsafe.Pointer(&arg))
}

// Close gives the descriptor back: protection and registrations go, and all who wait run on.
func (u FD) Close() error { return unix.Close(int(u)) }

func ioctl(fd int, request uintptr, arg unsafe.Pointer) error {
	for {
		_, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), request, uintptr(arg))
		if e == 0 {
			return nil
		}
		if e != unix.EINTR {
			return e
		}
	}
}

// Msg is struct uffd_msg.
type Msg struct {
	Event uint8
	_     [7]byte
	a     [3]uint64
}

var _ [32]byte = [unsafe.Sizeof(Msg{})]byte{} // fails to compile unless it has the kernel's size

// Addr is the address of a fault: the first byte that the access was refused.
func (m *Msg) Addr() uint64 { return m.a[1] }

// TID is the thread that faulted, as its own pid namespace names it (fs/userfaultfd.c).
func (m *Msg) TID() int { return int(uint32(m.a[2])) }

// Range is what was unmapped or thrown away.
func (m *Msg) Range() (start, end uint64) { return m.a[0], m.a[1] }

// Moved is what was moved, and where to.
func (m *Msg) Moved() (from, to, size uint64) { return m.a[0], m.a[1], m.a[2] }

// Read takes in what there is, and does not wait: no message is no error.
func (u FD) Read(into []Msg) (n int, err error) {
	if len(into) == 0 {
		return 0, nil
	}
	for {
		got, _, e := unix.Syscall(unix.SYS_READ, uintptr(u), uintptr(unsafe.Pointer(&into[0])), uintptr(len(into))*unsafe.Sizeof(into[0]))
		switch e {
		case 0:
			return int(got / unsafe.Sizeof(into[0])), nil
		case unix.EINTR:
		case unix.EAGAIN:
			return 0, nil
		default:
			return 0, e
		}
	}
}
