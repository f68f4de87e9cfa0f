package backend

import (
	"context"
	"fmt"
	"slices"
)

// Stats adds up the figures of all calls. Coverage is that of the worst, and Reason says of
// how many; calls that were not watched at all make it [Partial].
func (lw *LocalWatch) Stats() Stats {
	lw.mu.Lock()
	st, spoilt := lw.sum, lw.spoilt
	st.Calls, st.Unwatched, st.Mode = lw.calls, lw.unwatched, lw.mode
	st.Driver = lw.of.process.Board().Driver()
	open, why, inlined, caveat := slices.Clone(lw.open), lw.why, lw.inlined, lw.caveat
	lw.mu.Unlock()
	for _, w := range open {
		spoilt = st.join(w.Stats(), spoilt)
	}
	st.EstimateKnown = !st.unestimated
	if lw.chosen != nil {
		st.Selected = SelectedByStop
	}
	if st.Coverage != Exact {
		st.Reason = fmt.Sprintf("in %d of %d calls: %s", spoilt, st.Calls, st.Reason)
	}
	switch {
	case st.Unwatched > 0:
		st.Coverage, st.Reason = Partial, fmt.Sprintf("%d of %d calls were not watched: %v", st.Unwatched, st.Calls, why)
	case inlined != "":
		st.Coverage, st.Reason = Partial, inlined
	case st.Calls == 0:
		st.Reason = fmt.Sprintf("%s was not called, or did not come to where %s is declared", lw.in, lw.expr)
	case st.Coverage == Exact:
		st.Reason = caveat
	}
	return st
}

// fold adds the figures of a call that is over.
func (lw *LocalWatch) fold(w *Watchpoint) {
	st := w.Stats()
	lw.mu.Lock()
	defer lw.mu.Unlock()
	lw.open = slices.DeleteFunc(lw.open, func(o *Watchpoint) bool { return o == w })
	lw.spoilt = lw.sum.join(st, lw.spoilt)
}

// gravity orders coverages.
var gravity = map[Coverage]int{Exact: 0, Covered: 1, Partial: 2, Void: 3}

// join adds the figures of one call to those of others, and returns in how many the coverage
// is the worst.
func (st *Stats) join(o Stats, spoilt uint64) uint64 {
	st.Hits += o.Hits
	st.Reported += o.Reported
	st.Lost += o.Lost
	st.Others += o.Others
	st.Unseen += o.Unseen
	st.Enabled += o.Enabled
	st.Running += o.Running
	st.Clean += o.Clean
	st.Blind += o.Blind
	st.Turns += o.Turns
	st.Estimate += o.Estimate
	st.EstimateError += o.EstimateError
	st.unestimated = st.unestimated || !o.EstimateKnown
	st.Guarded = st.Guarded || o.Guarded
	st.Moves += o.Moves
	st.Faults += o.Faults
	st.Idle += o.Idle
	switch worse := gravity[o.Coverage] - gravity[st.Coverage]; {
	case worse > 0:
		st.Coverage, st.Reason = o.Coverage, o.Reason
		return 1
	case worse == 0 && o.Coverage != Exact:
		return spoilt + 1
	}
	return spoilt
}

// Coverage says what the calls' watchpoints may have missed until now.
func (lw *LocalWatch) Coverage() Coverage { return lw.Stats().Coverage }

// Explain says how the condition is evaluated, as [Watchpoint.Explain] does.
func (lw *LocalWatch) Explain(ctx context.Context) ([]Evaluation, error) {
	var list []Evaluation
	err := lw.s.explain(ctx, func() {
		for _, c := range lw.conds {
			list = append(list, evaluations(lw.of, c, 1, nil)...)
		}
	})
	return list, err
}

// match counts a hit that meets the condition, in whatever call.
func (lw *LocalWatch) match() uint64 {
	lw.mu.Lock()
	defer lw.mu.Unlock()
	lw.matched++
	return lw.matched
}
