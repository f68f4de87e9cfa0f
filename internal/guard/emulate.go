package guard

import (
	"errors"

	"github.com/argusdbg/argus/internal/insn"
	"github.com/argusdbg/argus/ptrace"
)

var _ insn.Code = sources{}

// emulates does for threads what their instructions would, where that is easily told: a
// store of a register, an addition, a compare and swap. That costs no step, and a thread
// that is not being stepped outlives us whatever we die of. It returns those for whom it
// has to be their processor's work.
func (g *Guard) emulates(faults []*fault, tell func(Write) error) (rest []*fault, err error) {
	for _, f := range faults {
		if !g.emulate(g.proc.Thread(f.tid), f) {
			rest = append(rest, f)
		} else if err := g.Tell(tell); err != nil {
			return nil, err
		}
	}
	return rest, nil
}

// emulate is emulates for one.
func (g *Guard) emulate(th *ptrace.Thread, f *fault) bool {
	if th == nil || !g.ready(th, f) {
		return false
	}
	r, err := th.Registers()
	if err != nil {
		return false
	}
	if _, in := r.SystemCall(); in {
		return false // it came to the kernel by a call, not by this fault, and may be set back to it
	}
	after, addr, data, ok := g.room.emulated(th, *r, sources{g})
	if !ok || addr != f.addr || addr&(g.size-1)+uint64(len(data)) > g.size {
		return false
	}
	if g.Writes != nil && g.Writes(addr, uint64(len(data))) {
		return false
	}
	if _, err := g.proc.Memory.WriteMemory(addr, data); err != nil {
		return false
	}
	if err := th.SetRegisters(&after); err != nil {
		return false // it has been killed: no one can tell that the write was first
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.waits, f.tid)
	g.stats.Faults++
	g.stats.Emulated++
	g.told = append(g.told, Write{TID: f.tid, Thread: th, Addrs: []uint64{f.addr}, Size: len(data), PC: f.where.pc})
	return true
}

// sources is the memory that instructions read, but for what a debug register is to see.
type sources struct{ g *Guard }

var errSeen = errors.New("a debug register is to see it being read")

func (s sources) ReadMemory(buf []byte, addr uint64) (int, error) {
	if s.g.Reads != nil && s.g.Reads(addr, uint64(len(buf))) {
		return 0, errSeen
	}
	return s.g.proc.Memory.ReadMemory(buf, addr)
}
