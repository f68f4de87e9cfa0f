package glue

import (
	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/hwbp"
	"github.com/argusdbg/argus/internal/watch"
	"github.com/argusdbg/argus/ptrace"
)

// anchor says what is to be watched for a watchpoint of Delve's that is at addr.
type anchor func(addr uint64) (*watch.Entry, error)

// SetAnchor calls set, which makes Delve set a watchpoint on a stack. Delve then
// follows the variable when the stack moves and notices when its scope ends; what
// the slots hold is what entry says, now and after every move.
func (p *Process) SetAnchor(entry func(addr uint64) (*watch.Entry, error), set func() (*proc.Breakpoint, error)) (*proc.Breakpoint, error) {
	p.anchor = entry
	bp, err := set()
	p.anchor = nil
	return bp, err
}

func (p *Process) writeWatchpoint(bp *proc.Breakpoint) error {
	e, err := p.entryFor(bp)
	if err != nil {
		return err
	}
	if err := p.AddWatch(e); err != nil {
		return err
	}
	p.entries[bp] = e
	return nil
}

// entryFor makes the entry of a watchpoint of Delve's: what its anchor says, or
// just what Delve knows of it.
func (p *Process) entryFor(bp *proc.Breakpoint) (*watch.Entry, error) {
	if p.anchor != nil {
		p.anchors[bp], p.anchor = p.anchor, nil
	}
	if a := p.anchors[bp]; a != nil {
		return a(bp.Addr)
	}
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
		return nil, err
	}
	return &watch.Entry{Name: bp.WatchExpr, Points: points, Owner: bp}, nil
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
