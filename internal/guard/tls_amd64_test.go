package guard

import (
	"os"
	"os/exec"
	"testing"

	"github.com/argusdbg/argus/ptrace"
)

// TestExitOpensNothing: the page with the word that tells of a thread's end stays guarded
// when that thread ends with its whole process.
func TestExitOpensNothing(t *testing.T) {
	h := startTarget(t, program(t), func(cmd *exec.Cmd) { // rseq would be there too, to which the kernel writes
		cmd.Env = append(os.Environ(), "GLIBC_TUNABLES=glibc.pthread.rseq=0")
	}).hold(false)
	h.open()
	var base uint64
	h.do(func() error {
		r, err := h.p.Threads()[0].Registers()
		if err == nil {
			base = r.TLS()
		}
		return err
	})
	h.add(base, 8)
	gone := make(chan bool, 1)
	h.events = func(ev ptrace.Event) {
		if ev.Kind == ptrace.ProcessGone {
			gone <- true
		}
	}
	h.run(func() {
		h.order("exit")
		<-gone
	})
	if _, _, unseen := h.told(); unseen != 0 {
		t.Errorf("%d writes unseen: %+v", unseen, h.writes)
	}
}
