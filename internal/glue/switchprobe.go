package glue

import (
	"fmt"
	"strings"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/gprobe"
	"github.com/argusdbg/argus/ptrace"
)

// probe tells of switches by probes, of ends or of all others: the kernel decides who stops
// (package gprobe).
func (s *Switches) probe(ends bool) (t tellers, err error) {
	p := s.p
	maps, err := p.MemoryMap()
	if err != nil {
		return t, err
	}
	c := gprobe.Config{PID: p.held.PID, Path: fmt.Sprintf("/proc/%d/exe", p.held.PID), Gobuf: s.gobuf}
	under := map[uint64][]byte{}
	for _, at := range s.places {
		if at.ends != ends {
			continue
		}
		offset, found := uint64(0), false
		for _, m := range maps {
			if at.addr >= m.Addr && at.addr < m.Addr+m.Size && strings.HasPrefix(m.Filename, "/") {
				offset, found = at.addr-m.Addr+m.Offset, true
			}
		}
		if !found {
			return t, fmt.Errorf("follow goroutines: no file is mapped at %#x", at.addr)
		}
		c.Places = append(c.Places, gprobe.Place{Offset: offset, Argument: at.call, Always: at.ends})
		code := make([]byte, p.bi.Arch.BreakpointSize())
		if _, err := p.ReadProgram(code, at.addr); err != nil {
			return t, err
		}
		under[at.addr] = code
	}
	err = p.g.do(func() error {
		probes, err := gprobe.Open(c)
		if err != nil {
			return err
		}
		t.probes = probes
		p.g.tracees.Programs = true
		if p.probed == nil {
			p.probed = map[*gprobe.Probes]map[uint64][]byte{}
		}
		p.probed[probes] = under
		p.hide()
		return nil
	})
	return t, err
}

// unprobe takes the probes out. A signal that is under way is taken for one still.
func (s *Switches) unprobe(probes *gprobe.Probes) error {
	delete(s.p.probed, probes)
	s.p.hide()
	return probes.Close()
}

// switched looks whether a thread that a BPF program has sent a signal is about to run a
// goroutine that is asked for, or to end one, and reports whether the signal was ours. By
// now it can be some way behind the place: in a signal handler of the program's.
func (th *Thread) switched(info *ptrace.Siginfo) bool {
	if !info.FromProgram() || !th.p.g.tracees.Programs {
		return false
	}
	s := th.p.switches
	if s == nil {
		return true
	}
	g := s.observer.Running(th)
	if g == 0 {
		return true
	}
	var tell func(*Thread, uint64) *proc.Breakpoint
	if s.wanted[g] != nil {
		tell = s.observer.Comes
	}
	if r, err := th.held.Registers(); err == nil && s.awaited[g] > 0 {
		if fn := th.p.bi.PCToFunc(r.PC()); fn != nil && fn.Name == "runtime.goexit1" {
			tell = s.observer.Ends
		}
	}
	if tell == nil {
		return true
	}
	if bp := tell(th, g); bp != nil && th.hit == nil {
		th.hit = bp
	}
	return true
}
