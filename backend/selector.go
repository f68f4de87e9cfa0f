package backend

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/glue"
	"github.com/argusdbg/argus/internal/goroutine"
)

// Selector says which goroutines are meant: those of which all is true that it says. The
// zero Selector means every one.
type Selector struct {
	ID int64 // its id, from 1; 0: any
	// Func is a function, named as for [Session.Break]: the one that the goroutine began
	// with, or one that it is in, however deep.
	Func string
	// Label is a label of runtime/pprof: KEY=VALUE, or KEY if any value will do.
	Label string
}

// SelectorError is a selector that cannot be understood, or means nothing in this program.
type SelectorError struct {
	Selector string
	Reason   string
	Err      error // the cause, if there is one beyond the reason
}

func (e *SelectorError) Error() string {
	return fmt.Sprintf("goroutines %q: %s", e.Selector, e.Reason)
}

// Unwrap returns the cause.
func (e *SelectorError) Unwrap() error { return e.Err }

// ParseSelector reads one of id=N, func=FUNCTION and label=KEY[=VALUE].
func ParseSelector(text string) (Selector, error) {
	kind, arg, _ := strings.Cut(strings.TrimSpace(text), "=")
	fail := func(reason string) (Selector, error) {
		return Selector{}, &SelectorError{Selector: text, Reason: reason}
	}
	if arg = strings.TrimSpace(arg); arg == "" {
		return fail("write id=18, func=main.worker or label=KEY=VALUE")
	}
	switch kind {
	case "id":
		id, err := strconv.ParseInt(arg, 10, 64)
		if err != nil || id < 1 {
			return fail(arg + " is not the id of a goroutine: they are numbers from 1")
		}
		return Selector{ID: id}, nil
	case "func":
		return Selector{Func: arg}, nil
	case "label":
		return Selector{Label: arg}, nil
	}
	return fail("there are id=, func= and label=")
}

// String is what ParseSelector reads; several are joined by "and".
func (sel Selector) String() string {
	var all []string
	if sel.ID != 0 {
		all = append(all, fmt.Sprintf("id=%d", sel.ID))
	}
	if sel.Func != "" {
		all = append(all, "func="+sel.Func)
	}
	if sel.Label != "" {
		all = append(all, "label="+sel.Label)
	}
	return strings.Join(all, " and ")
}

// OnGoroutines watches what some goroutines do, and no others. What others do with the
// memory is no hit: it is counted in [Stats].Others, and stops nobody for longer than it
// takes to see who it was. A goroutine that comes to be meant later, since it enters the
// function or is given the label, is from then on. What is special about one goroutine,
// named by its id alone, [OnGoroutine] says.
func OnGoroutines(sel Selector) WatchOption { return func(o *watchOptions) { o.on = sel } }

// InGoroutines lets a breakpoint stop some goroutines alone.
func InGoroutines(sel Selector) BreakOption { return func(o *breakOptions) { o.on = sel } }

// InGoroutine lets a breakpoint stop one goroutine alone.
func InGoroutine(id int64) BreakOption { return InGoroutines(Selector{ID: id}) }

// chosen is a selector as the event loop asks it, in one program.
type chosen struct {
	Selector
	alone      bool   // the id is all that counts
	key, value string // of the label
	anyValue   bool
	entries    map[uint64]bool // of the function, of each of its instances
	name       string          // of the function, without type parameters
	inlined    bool            // it is inlined somewhere
}

// choice looks up what a selector means in the program that is looked at; nil is everyone.
func (s *Session) choice(sel Selector) (*chosen, error) {
	if sel == (Selector{}) {
		return nil, nil
	}
	c := &chosen{Selector: sel, alone: sel == Selector{ID: sel.ID}}
	fail := func(reason string, err error) (*chosen, error) {
		return nil, &SelectorError{Selector: sel.String(), Reason: reason, Err: err}
	}
	if sel.ID < 0 {
		return fail("ids are numbers from 1", nil)
	}
	if sel.Label != "" {
		var exact bool
		c.key, c.value, exact = strings.Cut(sel.Label, "=")
		c.anyValue = !exact
		if err := s.population.find(s.debuggee); err != nil {
			return fail(err.Error(), err)
		}
		if s.population.labels == nil {
			if _, err := goroutine.NewLabels(s.target.BinInfo()); err != nil {
				return fail(err.Error(), err)
			}
		}
	}
	if sel.Func == "" {
		return c, nil
	}
	fns, err := s.functionsNamed(sel.Func)
	if err != nil {
		return fail(err.Error(), err)
	}
	c.entries = map[uint64]bool{}
	for _, fn := range fns {
		c.name = fn.NameWithoutTypeParams()
		c.inlined = c.inlined || len(fn.InlinedCalls) > 0
		if fn.Entry != 0 {
			c.entries[fn.Entry] = true
		}
	}
	return c, nil
}

// functionsNamed finds the function that is meant by a name: several if it is generic.
func (s *Session) functionsNamed(name string) ([]*proc.Function, error) {
	full, err := s.functionNamed(name)
	if err != nil {
		return nil, err
	}
	return s.target.BinInfo().FindFunction(full)
}

// means reports whether the goroutine on whose behalf a stopped thread runs is one of those
// that are chosen. It runs on the tracer's thread; everyone is chosen by nil.
func (s *Session) means(c *chosen, th *glue.Thread) bool {
	if c == nil {
		return true
	}
	if c.alone {
		id, err := s.goroutineIDOn(th)
		return err == nil && id == c.ID
	}
	regs, err := th.Held().Registers()
	if err != nil {
		return false
	}
	mem := s.target.Memory()
	user, own, err := s.goroutines.Running(mem, s.gPointer(regs))
	if err != nil || user == 0 {
		return false
	}
	g, err := s.goroutines.One(mem, user)
	if err != nil || c.ID != 0 && g.ID != c.ID || c.key != "" && !s.labelled(c, &g) {
		return false
	}
	if c.name == "" || s.startOf(g.StartPC).Function == c.name {
		return true
	}
	if own {
		g.PC, g.SP = regs.PC(), regs.SP() // what is kept is of when it ran last
	}
	if is, known := s.isIn(c, g.PC, g.SP); known {
		return is
	}
	return called(s.calls(th, maxFrames), c.name)
}

// labelled reads the labels of a goroutine each time: it can have been given others, and
// their memory be that of others.
func (s *Session) labelled(c *chosen, g *goroutine.G) bool {
	if g.Labels == 0 || s.population.labels == nil {
		return false
	}
	value, has := s.population.labels.Read(s.bulk(), []uint64{g.Labels})[0][c.key]
	return has && (c.anyValue || value == c.value)
}

// isIn reports whether the function is one of those that a stack is in.
func (s *Session) isIn(c *chosen, pc, sp uint64) (is, known bool) {
	known = s.eachFrame(pc, sp, func(at uint64, fn *proc.Function) bool {
		is = c.entries[fn.Entry]
		if !is && c.inlined {
			calls, _ := s.lines.Calls(at)
			for _, call := range calls {
				is = is || call.Function == c.name
			}
		}
		return !is
	})
	return is, known || is
}
