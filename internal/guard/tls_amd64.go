package guard

import (
	"errors"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/ptrace"
)

// errAllEnd: nobody waits for a thread that ends with its process, and what the kernel
// writes for it nobody reads.
var errAllEnd = errors.New("the whole process ends")

// tls returns where the local storage of a thread is that ends by itself.
func tls(th *ptrace.Thread) (uint64, error) {
	r, err := th.Registers()
	if err != nil {
		return 0, err
	}
	if number, in := r.SystemCall(); !in || number != unix.SYS_EXIT {
		return 0, errAllEnd
	}
	return r.TLS(), nil
}
