package doctor

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// userfaultfdFeatures returns what the kernel's userfaultfd can do: a handshake
// that asks for nothing is answered with everything (ioctl_userfaultfd(2),
// UFFDIO_API).
func userfaultfdFeatures(fd int) (uint64, error) {
	const (
		ioctlAPI = 0xc018aa3f // UFFDIO_API: _IOWR(0xAA, 0x3F, struct uffdio_api)
		version  = 0xAA       // UFFD_API
	)
	api := struct{ api, features, ioctls uint64 }{api: version}
	if _, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), ioctlAPI, uintptr(unsafe.Pointer(&api))); e != 0 {
		return 0, e
	}
	return api.features, nil
}
