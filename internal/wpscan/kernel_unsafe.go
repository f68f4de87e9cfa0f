package wpscan

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Of include/uapi/linux/fs.h, Linux 6.7.
const (
	ioctlPagemapScan = 0xc0606610 // PAGEMAP_SCAN: _IOWR('f', 16, struct pm_scan_arg)

	scanAndProtect = 1 << 0 // PM_SCAN_WP_MATCHING

	pageAllowed = 1 << 0 // PAGE_IS_WPALLOWED
	pageWritten = 1 << 1 // PAGE_IS_WRITTEN
	pageFile    = 1 << 2 // PAGE_IS_FILE
	pagePresent = 1 << 3 // PAGE_IS_PRESENT
)

type pageRegion struct{ start, end, categories uint64 }

// most is how many pages one call looks at.
const most = 128

// scanArg is struct pm_scan_arg with the place for its result behind it.
type scanArg struct {
	size, flags         uint64
	start, end, walkEnd uint64
	vec                 *pageRegion
	vecLen              uint64
	maxPages            uint64
	inverted, mask, any uint64
	result              uint64 // return_mask

	regions [most]pageRegion
}

// Fail to compile unless the structures have the kernel's sizes.
var (
	_ [96]byte = [unsafe.Offsetof(scanArg{}.regions)]byte{}
	_ [24]byte = [unsafe.Sizeof(pageRegion{})]byte{}
)

func newScanArg() *scanArg {
	a := &scanArg{flags: scanAndProtect, vecLen: most, result: pageAllowed | pageWritten | pageFile | pagePresent}
	a.size = uint64(unsafe.Offsetof(a.regions))
	a.vec = &a.regions[0]
	return a
}

// scan looks at the pages from start to end, at most [most] of them, and protects
// those that were written. Pages that are not in the result are not mapped, or not
// registered. No category is asked for: a page is told from a hole only by being
// reported.
func (a *scanArg) scan(pagemap int, start, end uint64) ([]pageRegion, error) {
	a.start, a.end, a.walkEnd = start, end, 0
	n, err := ioctl(pagemap, ioctlPagemapScan, unsafe.Pointer(a))
	if err == unix.ESRCH {
		return nil, ErrGone
	} else if err != nil {
		return nil, err
	}
	return a.regions[:n], nil
}

// ioctl repeats what a signal interrupted.
func ioctl(fd int, request uintptr, arg unsafe.Pointer) (int, error) {
	for {
		n, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), request, uintptr(arg))
		if e == 0 {
			return int(n), nil
		}
		if e != unix.EINTR {
			return 0, e
		}
	}
}
