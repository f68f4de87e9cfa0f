package where

import (
	"cmp"
	"slices"

	"github.com/go-delve/delve/pkg/proc"
)

// Memory is a program's, or as much of it as is needed.
type Memory interface {
	ReadMemory(buf []byte, addr uint64) (int, error)
}

// Static finds places by the program's table of functions alone: nothing of it is shared
// with a [Lines] or with Delve, so that it can be asked while the program runs, and when
// it has ended, if its memory can still be read then. It belongs to one goroutine at a time.
type Static struct {
	funcs []function // in order
	table *funcTable // nil: not found
}

type function struct {
	entry, end uint64
	name       string
}

// NewStatic takes the names of the functions from the debug information. The program is
// stopped. Places are read from mem later.
func NewStatic(bi *proc.BinaryInfo) *Static {
	s := &Static{funcs: make([]function, 0, len(bi.Functions))}
	for i := range bi.Functions {
		if f := &bi.Functions[i]; f.End > f.Entry {
			s.funcs = append(s.funcs, function{f.Entry, f.End, f.Name})
		}
	}
	slices.SortFunc(s.funcs, func(a, b function) int { return cmp.Compare(a.entry, b.entry) })
	return s
}

// Load finds the table in a program that is stopped, which may not have it yet if it has
// only been started, and has it read by mem from then on.
func (s *Static) Load(bi *proc.BinaryInfo, now proc.MemoryReadWriter, mem Memory) error {
	if s.table != nil {
		return nil
	}
	t, err := newFuncTable(bi, now)
	if err != nil {
		return err
	}
	t.mem = mem
	s.table = t
	return nil
}

// Func returns the function that contains pc.
func (s *Static) Func(pc uint64) (name string, entry, end uint64, ok bool) {
	i, found := slices.BinarySearchFunc(s.funcs, pc, func(f function, pc uint64) int { return cmp.Compare(f.entry, pc) })
	if !found {
		i--
	}
	if i < 0 || pc >= s.funcs[i].end {
		return "", 0, 0, false
	}
	f := &s.funcs[i]
	return f.name, f.entry, f.end, true
}

// Calls returns the calls that the instruction at pc is in, the innermost first: inlined
// ones, and last that of the function itself. There is at least one, in which what is not
// known is left out.
func (s *Static) Calls(pc uint64) []Place {
	name, entry, _, ok := s.Func(pc)
	if ok && s.table != nil {
		if list, ok := s.table.calls(entry, pc); ok {
			list[len(list)-1].Function = name
			return list
		}
	}
	return []Place{{PC: pc, Function: name}}
}

// FrameSize is [Lines.FrameSize].
func (s *Static) FrameSize(pc uint64) (n uint64, ok bool) {
	_, entry, _, ok := s.Func(pc)
	if !ok || s.table == nil {
		return 0, false
	}
	return s.table.frameSize(entry, pc)
}
