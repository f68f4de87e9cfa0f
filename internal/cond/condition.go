package cond

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
	"github.com/go-delve/delve/pkg/proc"
)

// Delve is the thread that a condition is evaluated on, as Delve sees it.
type Delve interface {
	// Scope is the innermost frame.
	Scope() (*proc.EvalScope, error)
	// Evaluate has Delve's evaluator decide.
	Evaluate(expr string) (bool, error)
}

// maxPlaces bounds the memory of a Condition; then it starts again.
const maxPlaces = 1 << 12

// Condition is a condition and its programs.
type Condition struct {
	text    string
	watched godwarf.Type
	places  map[uint64]*compiled
}

// compiled is what a condition has become at one place.
type compiled struct {
	program *Program // nil: it is not compiled
	why     error
	asked   uint64 // how often Delve had to decide
	times   uint64
}

// New returns a condition. watched is the type of the value whose accesses it is asked
// about; nil if it is not a watchpoint's.
func New(text string, watched godwarf.Type) *Condition {
	return &Condition{text: text, watched: watched, places: map[uint64]*compiled{}}
}

// Text is the expression.
func (c *Condition) Text() string { return c.text }

// Fast evaluates the condition at a place if that takes nothing but its program. decided
// is whether it did: if not, [Condition.Eval] is to be asked.
func (c *Condition) Fast(pc uint64, in *Input) (ok, decided bool) {
	at := c.places[pc]
	if at == nil || at.program == nil {
		return false, false
	}
	ok, err := at.program.Eval(in)
	if err != nil {
		return false, false
	}
	at.times++
	return ok, true
}

// Eval evaluates the condition at a place. The error is Delve's.
func (c *Condition) Eval(pc uint64, in *Input, d Delve) (bool, error) {
	if ok, decided := c.Fast(pc, in); decided {
		return ok, nil
	}
	at := c.places[pc]
	if at == nil {
		if len(c.places) >= maxPlaces {
			clear(c.places)
		}
		at = &compiled{}
		c.places[pc] = at
		scope, err := d.Scope()
		if err == nil {
			at.program, err = Compile(c.text, scope, c.watched)
		}
		if at.why = err; err == nil {
			c.prove(at, in, d)
		}
	}
	at.times++
	if at.program != nil && at.program.values() { // which Delve does not know
		return at.program.Eval(in)
	}
	at.asked++
	ok, err := d.Evaluate(c.text)
	if err != nil && at.why != nil && c.namesValues() {
		err = fmt.Errorf("%w (old and new are for conditions that can be compiled, and this cannot: %w)", err, at.why)
	}
	return ok, err
}

// attempts is how often a program and Delve may disagree: other threads may change what
// the one has read before the other does.
const attempts = 3

// prove throws a program away that does not answer as Delve does.
func (c *Condition) prove(at *compiled, in *Input, d Delve) {
	if at.program.values() {
		return
	}
	for range attempts {
		before, fault := at.program.Eval(in)
		if fault != nil {
			return // it does not decide here; Delve will
		}
		ok, err := d.Evaluate(c.text)
		after, fault := at.program.Eval(in)
		if fault != nil || before != after || err == nil && ok == before {
			return
		}
	}
	at.program, at.why = nil, &NotCompilable{Expr: c.text, Why: "Delve's evaluator disagrees with the compiled condition"}
}

// At returns the program for a place; nil if there is none, or not yet.
func (c *Condition) At(pc uint64) *Program {
	if at := c.places[pc]; at != nil {
		return at.program
	}
	return nil
}

// Same reports whether two programs do the same, be they of different places.
func (p *Program) Same(q *Program) bool {
	if !slices.Equal(p.code, q.code) || !slices.Equal(p.windows, q.windows) || !slices.Equal(p.texts, q.texts) {
		return false
	}
	return p.frame == q.frame || !p.local()
}

// local reports whether the program looks at registers or the frame.
func (p *Program) local() bool {
	return p.has(opReg) || p.has(opFrame) || slices.ContainsFunc(p.windows, func(w window) bool { return w.frame })
}

// AboutGoroutine reports whether the goroutine's id matters.
func (p *Program) AboutGoroutine() bool { return p.has(opGoroutine) }

// AboutThread reports whether the thread's id matters.
func (p *Program) AboutThread() bool { return p.has(opThread) }

func (p *Program) has(o op) bool {
	return slices.ContainsFunc(p.code, func(i instr) bool { return i.op == o })
}

// values reports whether the program needs the value before or after an access.
func (p *Program) values() bool {
	return p.has(opOld) || p.has(opNew)
}

// namesValues reports whether there are values that old and new could be.
func (c *Condition) namesValues() bool { return c.watched != nil }

// Place says how a condition is evaluated at a place.
type Place struct {
	PC    uint64
	Why   string // it is not compiled; "" if it is
	Times uint64 // how often it was evaluated there
	Asked uint64 // and how often by Delve
}

// Compiled reports whether the condition is compiled there.
func (p Place) Compiled() bool { return p.Why == "" }

// Places lists where the condition has been evaluated, by address.
func (c *Condition) Places() []Place {
	var list []Place
	for pc, at := range c.places {
		p := Place{PC: pc, Times: at.times, Asked: at.asked}
		if at.program == nil {
			p.Why = reason(at.why)
		}
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b Place) int { return cmp.Compare(a.PC, b.PC) })
	return list
}

func reason(err error) string {
	var not *NotCompilable
	if errors.As(err, &not) {
		return not.Why
	}
	return err.Error()
}

// Forget drops the programs, as when the code of the target has changed.
func (c *Condition) Forget() { maps.DeleteFunc(c.places, func(uint64, *compiled) bool { return true }) }
