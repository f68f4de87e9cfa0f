package lanes

import (
	"errors"

	"github.com/argusdbg/argus/sched"
)

// Free tells how many slots a watchpoint could have, for one thread or (0) for all, and
// who holds the others. The scheduler is asked for more than there can be: its refusal
// says so. What other users of the processor hold is not known here.
func (b *Board) Free(thread int, pinned bool) (slots int, holders []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	task := b.sched.Process()
	if ln := b.lanes[thread]; ln != nil {
		task = ln.task
	}
	g, err := b.sched.NewGroup(task, sched.GroupConfig{Pinned: pinned,
		Events: []*sched.Event{{PMU: b.pmu, Need: b.pmu.slots + 1}}})
	var refused *sched.AdmissionError
	if errors.As(err, &refused) {
		return refused.Most, refused.Holders
	}
	if err == nil {
		g.Remove()
	}
	return 0, nil
}
