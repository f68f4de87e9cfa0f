package backend

import (
	"context"
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// TestDecoded: wherever the bytes end, what is decoded ahead of that is the same.
func TestDecoded(t *testing.T) {
	s := launch(t, testkit.Debug, "twice", "1")
	err := s.do(context.Background(), func() error {
		fns := s.target.BinInfo().Functions
		for i := range fns {
			if !strings.HasPrefix(fns[i].Name, "main.") || fns[i].End-fns[i].Entry > 400 {
				continue
			}
			whole, err := s.decoded(fns[i].Entry, fns[i].End)
			if err != nil {
				return err
			}
			for end := fns[i].Entry + 1; end < fns[i].End; end++ {
				list, err := s.decoded(fns[i].Entry, end)
				if err != nil {
					return err
				}
				for k, in := range list {
					if in.Loc.PC+15 >= end {
						break // it may be cut off, and what follows is anything then
					}
					if in.Loc.PC != whole[k].Loc.PC || in.Size != whole[k].Size {
						t.Errorf("%s up to %#x: instruction %d at %#x", fns[i].Name, end, k, in.Loc.PC)
						break
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	list, err := s.Disassemble(context.Background(), 8, 0, 3)
	if err != nil || len(list) != 3 || list[0].Valid() {
		t.Errorf("%v, %v", list, err)
	}
}
