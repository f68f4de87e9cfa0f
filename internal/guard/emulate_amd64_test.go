package guard

import (
	"fmt"
	"testing"
)

// TestNotInCalls: a thread that stands where a fault was, but came to the kernel by a system
// call, is not emulated: the kernel may set it back to its call, wherever it is put.
func TestNotInCalls(t *testing.T) {
	h, addr := guarded(t, "heap")
	store := []byte{0x48, 0x89, 0x03} // MOV [RBX], RAX
	h.do(func() error {
		th := h.p.Threads()[0] // waits for orders
		r, err := th.Registers()
		if err != nil {
			return err
		}
		changed := *r
		changed.Rbx = addr
		if _, in := r.SystemCall(); !in {
			return fmt.Errorf("it is in no call: %+v", *r)
		}
		if _, err := h.p.Memory.WriteMemory(r.PC(), store); err != nil {
			return err
		}
		f := &fault{tid: th.TID, addr: addr, page: addr &^ (pageSize - 1), where: where{known: true, number: -1, pc: r.PC()}}
		for _, orig := range []uint64{r.Orig_rax, ^uint64(0)} {
			changed.Orig_rax = orig
			if err := th.SetRegisters(&changed); err != nil {
				return err
			}
			if done := h.guard.emulate(th, f); done != (orig == ^uint64(0)) {
				t.Errorf("with %#x in orig_rax: emulated is %v", orig, done)
			}
		}
		return nil
	})
}
