package backend

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// TestDeclarations: of every local variable of some functions it is known where it has
// been declared: at an instruction of the function at which it is in scope.
func TestDeclarations(t *testing.T) {
	s := launchWorkers(t, testkit.Debug, "calls", 1, 1)
	if err := s.lines.Load(); err != nil {
		t.Fatal(err)
	}
	variables, unused := 0, 0
	fns := s.target.BinInfo().Functions
	for i := range fns {
		fn := &fns[i]
		if fn.Entry == 0 || !strings.HasPrefix(fn.Name, "main.") && !strings.HasPrefix(fn.Name, "strconv.parse") {
			continue
		}
		code, err := s.decoded(fn.Entry, fn.End)
		if err != nil {
			t.Fatal(err)
		}
		var pcs []uint64
		var names []string
		for _, in := range code {
			pcs = append(pcs, in.Loc.PC)
			for _, v := range s.localsAt(fn, in.Loc.PC, "") {
				if !slices.Contains(names, v.Name) && v.Name[0] != '~' && v.Name[0] != '.' && v.Name != "_" {
					names = append(names, v.Name)
				}
			}
		}
		for _, name := range names {
			variables++
			list, err := s.declarations(fn, name)
			var none *ExprError
			if errors.As(err, &none) && strings.Contains(none.Reason, "is used nowhere") {
				unused++
				continue
			}
			if err != nil || len(list) == 0 {
				t.Errorf("%s in %s: %v", name, fn.Name, err)
			}
			for _, d := range list {
				here := func(v *scopeOf) bool { return slices.Contains(v.pcs, d.from) }
				if !slices.Contains(pcs, d.from) || !slices.ContainsFunc(s.variablesOf(fn, code, name), here) || d.typ == nil {
					t.Errorf("%s in %s: %+v", name, fn.Name, d)
				}
			}
		}
	}
	if variables < 80 || unused > variables/20 {
		t.Errorf("%d variables, of which %d are said to be used nowhere", variables, unused)
	}
}
