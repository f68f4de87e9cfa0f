package dap

import (
	"fmt"
	"slices"
	"strings"

	"github.com/argusdbg/argus/backend"
)

// commandConditions says how the conditions of breakpoints and data breakpoints were
// evaluated where they were.
func (s *session) commandConditions(r *request, _ backend.Scope, _ string) (string, error) {
	var b strings.Builder
	tell := func(id int, name, cond string, list []backend.Evaluation) {
		if cond == "" {
			return
		}
		fmt.Fprintf(&b, "%d %s if %s", id, name, cond)
		if len(list) == 0 {
			b.WriteString(": not evaluated yet\n")
			return
		}
		b.WriteByte('\n')
		for _, e := range list {
			how := "compiled"
			switch {
			case e.InKernel:
				how = "compiled, and left to the kernel from then on"
			case !e.Compiled():
				how = "left to Delve's evaluator, which takes longer: " + e.Why
			}
			fmt.Fprintf(&b, "  at %s, %s: %s\n", e.Place, counted(e.Times, "time", "times"), how)
		}
	}
	for _, p := range s.stops.allData() {
		if p.trace != nil && p.cond != "" {
			st := p.trace.Stats()
			fmt.Fprintf(&b, "%d %s if %s\n  everywhere, %s: by the kernel, and nobody is stopped for it\n", p.id, p.on.name(), p.cond,
				counted(st.Records+st.Filtered, "time", "times"))
		}
		if p.set == nil {
			continue
		}
		list, err := p.set.Explain(r.ctx)
		if err != nil {
			return "", err
		}
		tell(p.id, p.on.name(), p.cond, list)
	}
	var points []*point
	for _, list := range s.stops.points {
		points = append(points, list...)
	}
	slices.SortFunc(points, func(a, b *point) int { return a.id - b.id })
	for _, p := range points {
		if p.set == nil {
			continue
		}
		list, err := p.set.Explain(r.ctx)
		if err != nil {
			return "", err
		}
		tell(p.id, p.set.Location, p.cond, list)
	}
	if b.Len() == 0 {
		return "no conditions", nil
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}
