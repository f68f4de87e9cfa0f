package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/hwbp"
)

const int3 = 0xCC

// floor does nothing at a hit but let the thread run on. At a breakpoint that takes a step
// of the instruction that is under it, which is put in its place meanwhile.
func (h hits) floor(_ context.Context, with *setting) (sample, error) {
	p, err := with.point(h)
	if err != nil {
		return sample{}, err
	}
	pid, err := startTraced(with.hot(h))
	if err != nil {
		return sample{}, err
	}
	var told uint64
	b := bare{pid: pid, born: func(tid int) error { return arm(tid, p) },
		trapped: func(int) (bool, error) { told++; return true, nil }}
	if h.line {
		under, err := plant(pid, p.Addr)
		if err != nil {
			return sample{}, err
		}
		b.born = func(int) error { return nil }
		b.trapped = func(tid int) (bool, error) { told++; return true, stepOver(tid, p.Addr, under) }
	}
	if err := b.run(); err != nil {
		return sample{}, err
	}
	return with.result(told, nil)
}

// arm sets a point on a thread.
func arm(tid int, p hwbp.Point) error {
	const debugRegisters = 848 // offsetof(struct user, u_debugreg), arch/x86/include/asm/user_64.h
	control, err := hwbp.DR7(0).Set(0, p)
	if err != nil {
		return err
	}
	for _, r := range []struct {
		n     int
		value uint64
	}{{0, p.Addr}, {7, uint64(control)}} { // the address first: DR7 switches it on
		if _, err := unix.PtracePokeUser(tid, uintptr(debugRegisters+8*r.n), binary.NativeEndian.AppendUint64(nil, r.value)); err != nil {
			return fmt.Errorf("write DR%d: %w", r.n, err)
		}
	}
	return nil
}

// plant puts an int3 into a program, and returns the word that was there.
func plant(tid int, addr uint64) (under []byte, err error) {
	under = make([]byte, 8)
	if _, err := unix.PtracePeekText(tid, uintptr(addr), under); err != nil {
		return nil, err
	}
	return under, poke(tid, addr, append([]byte{int3}, under[1:]...))
}

func poke(tid int, addr uint64, word []byte) error {
	_, err := unix.PtracePokeText(tid, uintptr(addr), word)
	return err
}

// stepOver lets a thread that has met the int3 at addr execute what is under it.
func stepOver(tid int, addr uint64, under []byte) error {
	var regs unix.PtraceRegs
	if err := unix.PtraceGetRegs(tid, &regs); err != nil {
		return err
	}
	regs.Rip--
	if regs.Rip != addr {
		return fmt.Errorf("the program has a breakpoint of its own at %#x", regs.Rip)
	}
	if err := unix.PtraceSetRegs(tid, &regs); err != nil {
		return err
	}
	if err := poke(tid, addr, under); err != nil {
		return err
	}
	for {
		if err := unix.PtraceSingleStep(tid); err != nil {
			return err
		}
		var status unix.WaitStatus
		if _, err := unix.Wait4(tid, &status, unix.WALL, nil); err != nil {
			return err
		}
		if !status.Stopped() || status.StopSignal() == unix.SIGTRAP {
			break
		}
		// A signal comes before the instruction. Those that the runtime sends itself to
		// preempt a goroutine can be left out: it sends more.
	}
	return poke(tid, addr, append([]byte{int3}, under[1:]...))
}

// floorStart runs a program to its function main.main, and ends it.
func floorStart(args []string) (sample, error) {
	w := watchFor(0)
	addr, err := symbol(args[0], "main.main")
	if err != nil {
		return sample{}, err
	}
	pid, err := startTraced(args)
	if err != nil {
		return sample{}, err
	}
	if _, err := plant(pid, addr); err != nil {
		return sample{}, err
	}
	b := bare{pid: pid, born: func(int) error { return nil }, trapped: func(int) (bool, error) { return false, nil }}
	if err := b.run(); err == nil {
		return sample{}, errors.New("the program did not come to main.main")
	} else if err != errEnough {
		return sample{}, err
	}
	w.pid = pid
	return w.stop(1), nil
}
