package where

import (
	"sort"

	"github.com/go-delve/delve/pkg/proc"
)

// Place is a position in the program.
type Place struct {
	PC       uint64
	Function string // "" if unknown; the inlined one where there is one
	File     string
	Line     int
}

// maxPlaces bounds the memory of a Lines; then it starts again.
const maxPlaces = 1 << 16

// Lines finds places.
type Lines struct {
	bi      *proc.BinaryInfo
	inlined []inlined // by low, then longest first
	places  map[uint64]Place
}

type inlined struct {
	low, high uint64
	name      string
}

// New returns a Lines for a program. It lists the inlined calls at once.
func New(bi *proc.BinaryInfo) *Lines {
	l := &Lines{bi: bi, places: map[uint64]Place{}}
	for i := range bi.Functions {
		fn := &bi.Functions[i]
		for _, call := range fn.InlinedCalls {
			l.inlined = append(l.inlined, inlined{call.LowPC, call.HighPC, fn.Name})
		}
	}
	sort.Slice(l.inlined, func(i, j int) bool {
		a, b := l.inlined[i], l.inlined[j]
		if a.low != b.low {
			return a.low < b.low
		}
		return a.high > b.high
	})
	return l
}

// At returns the place of the instruction at pc.
func (l *Lines) At(pc uint64) Place {
	if p, ok := l.places[pc]; ok {
		return p
	}
	if len(l.places) >= maxPlaces {
		clear(l.places)
	}
	p := Place{PC: pc}
	file, line, fn := l.bi.PCToLine(pc)
	p.File, p.Line = file, line
	if fn != nil {
		p.Function = fn.Name
		if name := l.innermost(fn, pc); name != "" {
			p.Function = name
		}
	}
	l.places[pc] = p
	return p
}

// innermost returns the inlined function that pc belongs to. Calls are nested
// or apart, and all that contain pc begin inside the function that has it: the
// last one to begin before pc that still contains it is the innermost.
func (l *Lines) innermost(fn *proc.Function, pc uint64) string {
	i := sort.Search(len(l.inlined), func(i int) bool { return l.inlined[i].low > pc })
	for i--; i >= 0 && l.inlined[i].low >= fn.Entry; i-- {
		if pc < l.inlined[i].high {
			return l.inlined[i].name
		}
	}
	return ""
}

// FuncName returns the name of the function that contains pc, "" if unknown.
func (l *Lines) FuncName(pc uint64) string {
	if fn := l.bi.PCToFunc(pc); fn != nil {
		return fn.Name
	}
	return ""
}
