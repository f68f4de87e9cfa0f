package glue

import (
	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/hwbp"
	"github.com/argusdbg/argus/internal/lanes"
	"github.com/argusdbg/argus/ptrace"
)

func (p *Process) writeWatchpoint(bp *proc.Breakpoint) error {
	c, err := p.configFor(bp)
	if err != nil {
		return err
	}
	if err := p.AddWatch(c); err != nil {
		return err
	}
	p.entries[bp] = c.Entries[0]
	return nil
}

// configFor says what to arm for a watchpoint of Delve's.
func (p *Process) configFor(bp *proc.Breakpoint) (lanes.Config, error) {
	access := hwbp.Write
	switch {
	case bp.WatchType.Read() && bp.WatchType.Write():
		access = hwbp.ReadWrite
	case bp.WatchType.Read():
		access = hwbp.Read
		if !ptrace.Limits().Has(access) {
			access = hwbp.ReadWrite
		}
	}
	points, err := hwbp.Cover(ptrace.Limits(), bp.Addr, uint64(bp.WatchType.Size()), access)
	if err != nil {
		return lanes.Config{}, err
	}
	e := &lanes.Entry{Name: bp.WatchExpr, Points: points, Owner: bp}
	return lanes.Config{Name: e.Name, Entries: []*lanes.Entry{e}, Pinned: true}, nil
}

func (p *Process) eraseWatchpoint(bp *proc.Breakpoint) error {
	e := p.entries[bp]
	if e == nil {
		return nil
	}
	delete(p.entries, bp)
	for _, th := range p.threads() {
		if t := th.Data.(*Thread); t.hit == bp {
			t.hit = nil
		}
	}
	return p.RemoveWatch(e)
}
