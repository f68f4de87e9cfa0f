package insn

import (
	"errors"
	"runtime"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// debugRegister is the offset of u_debugreg[0] in struct user (Linux,
// arch/x86/include/asm/user_64.h).
const debugRegister = 848

// armWrite sets DR0 to report writes to eight bytes.
func (p *target) armWrite(t *testing.T, addr uint64) {
	t.Helper()
	for _, set := range []struct {
		register int
		value    uint64
	}{{7, 0}, {0, addr}, {7, 1 | 1<<16 | 2<<18}} { // L0, R/W0 = write, LEN0 = 8 (Intel SDM volume 3B, section 19.2.4)
		err := pokeUser(p.pid, uintptr(debugRegister+8*set.register), set.value)
		if errors.Is(err, unix.EIO) {
			t.Skip("no debug registers here, as under emulation: ", err) // FACTS G2
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func pokeUser(pid int, offset uintptr, value uint64) error {
	_, _, errno := unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_POKEUSR, uintptr(pid), offset, uintptr(value), 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// TestHardwareHits arms a debug register, runs code over it, and asks for the
// writer at each hit. The code ends with INT3.
func TestHardwareHits(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	p := startTarget(t)
	start, err := p.regs()
	if err != nil {
		t.Fatal(err)
	}
	at := start.GPR[regRSP] - 16384
	at &^= 4095
	for _, c := range []struct {
		name, code string
		regs       gpr
		off        uint64 // of the writer
		kind       Kind
	}{
		{"MOV", "90 488903 90 CC", gpr{rbx: at}, 1, Plain},
		{"MOV before a jump", "488903 EB00 CC", gpr{rbx: at}, 0, Plain},
		{"LOCK XADD", "90 F0480FC103 CC", gpr{rbx: at}, 1, Exchange},
		{"PUSH", "90 50 CC", gpr{rsp: at + 8}, 1, Push},
		{"MOVUPS", "0F1103 CC", gpr{rbx: at - 8}, 0, Vector},
		{"BTS far away", "480FAB03 CC", gpr{rbx: at - 800, rax: 6400}, 0, Modify},
		{"REP STOSB, far from its end", "90 F3AA 90 CC", gpr{rdi: at - 100, rcx: 4096}, 1, String},
		{"REP STOSB, the last byte", "90 F3AA 90 CC", gpr{rdi: at - 99, rcx: 100}, 1, String},
		{"REP STOSQ", "90 F348AB 90 CC", gpr{rdi: at - 512, rcx: 512}, 1, String},
		{"REP MOVSB", "90 F3A4 90 CC", gpr{rdi: at - 100, rsi: at + 4096, rcx: 1000}, 1, String},
		{"REP MOVSQ", "90 F348A5 90 CC", gpr{rdi: at - 512, rsi: at + 4096, rcx: 512}, 1, String},
		{"REP MOVSB, few", "90 F3A4 90 CC", gpr{rdi: at - 1, rsi: at + 4096, rcx: 3}, 1, String},
		{"REP MOVSB backwards", "FD F3A4 FC CC", gpr{rdi: at + 100, rsi: at + 4096, rcx: 200}, 1, String},
		{"store, then REP STOSB from behind it", "488947F8 F3AA CC", gpr{rdi: at + 8, rcx: 512}, 0, Plain},
		{"CALL", "90 E802000000 9090 CC", gpr{rsp: at + 8}, 1, Call},
	} {
		// No t.Run: its goroutine would not be on the tracer's thread.
		b := code(t, c.code)
		if _, err := p.mem.WriteAt(b, int64(start.PC)); err != nil {
			t.Fatal(err)
		}
		r := *start
		for i, v := range c.regs {
			r.GPR[i] = v
		}
		if err := p.setRegs(&r); err != nil {
			t.Fatal(err)
		}
		p.armWrite(t, at)
		end := start.PC + uint64(len(b))
		hits := 0
		for now := p.resume(t); now.PC != end; now = p.resume(t) {
			hits++
			s, err := p.writer(start.PC, end, now, at)
			if err != nil || s.PC != start.PC+c.off || s.Kind != c.kind {
				t.Errorf("%s: hit %d at +%d, flags %#x, RDI %+d: got %+d, %v, %v; want %+d, %v", c.name, hits, now.PC-start.PC,
					now.Flags, int64(now.GPR[rdi]-at), int64(s.PC-start.PC), s.Kind, err, c.off, c.kind)
			}
		}
		if hits == 0 {
			t.Errorf("%s: no hit", c.name)
		}
		t.Logf("%s: %d hits", c.name, hits)
	}
}

// writer is Writer with the callee of the CALL case as a function of its own.
func (p *target) writer(entry, end uint64, r *Regs, addr uint64) (Store, error) {
	cache := NewCache(p, func(pc uint64) (uint64, uint64, error) {
		if end-entry == 9 && pc == end-1 {
			return end - 1, end, nil
		}
		return entry, end, nil
	}, 4)
	return cache.Writer(r, addr, 8)
}

// resume lets the target run to the next SIGTRAP.
func (p *target) resume(t *testing.T) *Regs {
	t.Helper()
	if err := syscall.PtraceCont(p.pid, 0); err != nil {
		t.Fatal(err)
	}
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(p.pid, &status, 0, nil); err != nil || status.StopSignal() != syscall.SIGTRAP {
		t.Fatalf("%v, stopped by %v", err, status.StopSignal())
	}
	r, err := p.regs()
	if err != nil {
		t.Fatal(err)
	}
	return r
}
