package where

import "github.com/go-delve/delve/pkg/proc"

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
	target *proc.Target
	places map[uint64]Place
}

// New returns a Lines for a program.
func New(target *proc.Target) *Lines {
	return &Lines{target: target, places: map[uint64]Place{}}
}

// At returns the place of the instruction at pc. th is a stopped thread, or something
// that looks like one, whose program counter is pc: Delve tells inlined functions apart
// only where it walks a stack. It may be asked at most once for every place, and then
// remembers things of th that the caller makes it forget.
func (l *Lines) At(pc uint64, th proc.Thread) Place {
	if p, ok := l.places[pc]; ok {
		return p
	}
	if len(l.places) >= maxPlaces {
		clear(l.places)
	}
	p := Place{PC: pc}
	file, line, fn := l.target.BinInfo().PCToLine(pc)
	p.File, p.Line = file, line
	if fn != nil {
		p.Function = fn.Name
		if frames, err := proc.ThreadStacktrace(l.target, th, 0); err == nil && len(frames) > 0 && frames[0].Call.Fn != nil {
			p.Function = frames[0].Call.Fn.Name
		}
	}
	l.places[pc] = p
	return p
}

// Known reports whether At has the place already.
func (l *Lines) Known(pc uint64) bool {
	_, ok := l.places[pc]
	return ok
}

// Outer returns the place of the instruction at pc without regard to inlining.
func (l *Lines) Outer(pc uint64) Place {
	p := Place{PC: pc}
	file, line, fn := l.target.BinInfo().PCToLine(pc)
	p.File, p.Line = file, line
	if fn != nil {
		p.Function = fn.Name
	}
	return p
}

// FuncName returns the name of the function that contains pc, "" if unknown.
func (l *Lines) FuncName(pc uint64) string {
	if fn := l.target.BinInfo().PCToFunc(pc); fn != nil {
		return fn.Name
	}
	return ""
}
