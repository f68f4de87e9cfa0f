package glue

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/ptrace"
)

// Allocate gives the process memory that it can read and write, of at least size bytes,
// by a system call that one of its threads makes; all of them are stopped. The Go
// runtime does not know of it and frees it never: its collector passes by pointers to
// where its heap is not.
func (p *Process) Allocate(size uint64) (addr uint64, err error) {
	err = p.g.do(func() error {
		var failed error = ptrace.ErrThreadGone
		for _, th := range p.threads() {
			addr, failed = p.g.tracees.Inject(th, unix.SYS_MMAP, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS, ^uint64(0), 0)
			if failed == nil {
				return nil
			}
		}
		return fmt.Errorf("allocate %d bytes in process %d: %w", size, p.PID(), failed)
	})
	return addr, err
}
