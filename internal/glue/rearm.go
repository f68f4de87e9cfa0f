package glue

import "github.com/go-delve/delve/pkg/proc"

// Disarm frees the slots of a watchpoint of Delve's, which Delve keeps: it goes on looking
// after its variable.
func (p *Process) Disarm(bp *proc.Breakpoint) error { return p.eraseWatchpoint(bp) }

// Rearm arms it again, with what its anchor says now: see SetAnchor.
func (p *Process) Rearm(bp *proc.Breakpoint) error {
	if p.entries[bp] != nil {
		return nil
	}
	return p.writeWatchpoint(bp)
}
