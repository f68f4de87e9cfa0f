package kstop

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// namespace is a namespace of process ids as the kernel's helper wants it named
// (ns_match in fs/nsfs.c).
type namespace struct{ device, inode uint64 }

// ownNamespace is the one whose ids this process sees.
func ownNamespace() (namespace, error) {
	var st unix.Stat_t
	if err := unix.Stat("/proc/self/ns/pid", &st); err != nil {
		return namespace{}, fmt.Errorf("find out the process id namespace: %w", err)
	}
	// The kernel's own dev_t, which stat(2) encodes differently
	// (include/linux/kdev_t.h).
	device := uint64(unix.Major(st.Dev))<<20 | uint64(unix.Minor(st.Dev))
	return namespace{device, st.Ino}, nil
}
