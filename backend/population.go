package backend

import (
	"fmt"
	"strings"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/goroutine"
	"github.com/argusdbg/argus/internal/where"
)

// population is what is known of a program's goroutines, however often it has run since.
type population struct {
	walker  *goroutine.Walker
	allgs   uint64 // where runtime.allgs is, a slice; 0: not looked for yet
	allglen uint64 // where runtime.allglen is
	reasons []string
	labels  *goroutine.Labels // nil: Delve reads them

	places  map[goroutine.Spot]Place
	starts  map[uint64]Place // by entry of the function that a goroutine began with
	created map[uint64]Place // by return address of a go statement
	last    []goroutine.G    // as they were last read
	index   map[int64]int    // by id: where in runtime.allgs they were then; nil: see indexOf

	// Of this stop alone, see freshen:
	listed *listing          // all of them
	found  map[int64]*proc.G // those that were asked for by id
}

// forget drops what is known of one stop.
func (p *population) forget() { p.listed, p.found = nil, nil }

// maxKnown bounds each map of a population; one that is full starts again.
const maxKnown = 1 << 17

// remember adds to a map of a population.
func remember[K comparable, V any](m *map[K]V, k K, v V) V {
	if *m == nil || len(*m) >= maxKnown {
		*m = map[K]V{}
	}
	(*m)[k] = v
	return v
}

// find looks up the runtime's variables.
func (p *population) find(d *debuggee) error {
	if p.allgs != 0 {
		return nil
	}
	scope := &proc.EvalScope{BinInfo: d.target.BinInfo(), Mem: d.target.Memory()} // of package variables alone
	reasons, err := scope.EvalExpression("runtime.waitReasonStrings", proc.LoadConfig{MaxArrayValues: 256, MaxStringLen: 64})
	if err == nil { // without them there is no reason, and nothing worse
		for i := range reasons.Children {
			text := ""
			if v := reasons.Children[i].Value; v != nil {
				text = strings.Trim(v.ExactString(), `"`)
			}
			p.reasons = append(p.reasons, text)
		}
	}
	for _, v := range []struct {
		name string
		into *uint64
	}{{"runtime.allglen", &p.allglen}, {"runtime.allgs", &p.allgs}} {
		found, err := scope.EvalExpression(v.name, proc.LoadConfig{})
		if err != nil {
			return fmt.Errorf("list goroutines: %w", err)
		}
		*v.into = found.Addr
	}
	p.labels, _ = goroutine.NewLabels(d.target.BinInfo()) // an error: another version of Go
	p.walker = goroutine.NewWalker(walked{d.lines})
	return nil
}

// all reads the goroutines.
func (d *debuggee) all() ([]goroutine.G, error) {
	if err := d.population.find(d); err != nil {
		return nil, err
	}
	_ = d.lines.Load() // an error: everything takes longer
	mem := d.target.Memory()
	n, err := word(mem, d.population.allglen)
	if err != nil {
		return nil, fmt.Errorf("read runtime.allglen: %w", err)
	}
	array, err := word(mem, d.population.allgs)
	if err != nil {
		return nil, fmt.Errorf("read runtime.allgs: %w", err)
	}
	gs, err := d.goroutines.All(mem, d.bulk(), array, int(n))
	if err != nil {
		return nil, err
	}
	d.population.last, d.population.index = gs, nil
	return gs, nil
}

// indexOf is where in runtime.allgs a goroutine was when all were last read.
func (p *population) indexOf(id int64) (int, bool) {
	if p.index == nil {
		p.index = make(map[int64]int, len(p.last))
		for i := range p.last {
			if g := &p.last[i]; g.Err == nil {
				p.index[g.ID] = g.Index
			}
		}
	}
	i, ok := p.index[id]
	return i, ok
}

// bulk is the way to read much of the program's memory.
func (d *debuggee) bulk() goroutine.Bulk {
	if d.process == nil {
		return goroutine.OneByOne{Memory: d.target.Memory()}
	}
	return goroutine.Process{Memory: d.target.Memory(), PID: d.target.Pid()}
}

// walked is a program's code as a goroutine.Walker asks for it.
type walked struct{ *where.Lines }

func (c walked) Kind(pc uint64) goroutine.Kind { return goroutine.KindOf(c.FuncName(pc)) }

// ownOnThread says where the own code of a goroutine is whose thread is on another stack.
func (d *debuggee) ownOnThread(on *onThread) *Place {
	p := Place{PC: on.pc}
	if th, ok := d.target.FindThread(on.id); ok {
		if g, err := proc.GetG(th); err == nil && g != nil {
			p = placeOf(g.UserCurrent())
		}
	}
	return &p
}

// own says where goroutines' own code is. Of those that run on a thread PC and SP are the
// thread's, on their stack.
func (d *debuggee) own(gs []*goroutine.G) []goroutine.Spot {
	spots := d.population.walker.Own(gs, d.target.Memory(), d.bulk(), unwinder{d})
	for i := range spots {
		if spots[i] == (goroutine.Spot{}) {
			spots[i].PC = gs[i].PC
		}
	}
	return spots
}

// spotPlace is where a frame is, without regard to inlining, as Delve's goroutines are.
func (d *debuggee) spotPlace(spot goroutine.Spot) Place {
	if p, ok := d.population.places[spot]; ok {
		return p
	}
	p := Place(d.lines.Outer(spot.PC))
	if fn := d.target.BinInfo().PCToFunc(spot.PC); fn != nil && spot.Return && spot.PC != fn.Entry {
		call := d.lines.Outer(spot.PC - 1)
		p.File, p.Line = call.File, call.Line
	}
	return remember(&d.population.places, spot, p)
}

// createdAt is the go statement that returned to pc.
func (d *debuggee) createdAt(pc uint64) Place {
	if p, ok := d.population.created[pc]; ok {
		return p
	}
	at := pc
	if fn := d.target.BinInfo().PCToFunc(pc); fn != nil && pc > fn.Entry {
		at--
	}
	p := Place(d.lines.Outer(at))
	p.PC = pc
	return remember(&d.population.created, pc, p)
}

// startOf is the function that a goroutine began with, of which the entry is pc. The
// compiler wraps the function of a go statement with arguments: it is the inner one.
func (d *debuggee) startOf(pc uint64) Place {
	if p, ok := d.population.starts[pc]; ok {
		return p
	}
	bi := d.target.BinInfo()
	p := Place{PC: pc}
	if fn := d.unwrapped(bi.PCToFunc(pc)); fn != nil {
		p.PC, p.Function = fn.Entry, fn.Name
		at := d.lines.Outer(fn.Entry)
		p.File, p.Line = at.File, at.Line
	}
	return remember(&d.population.starts, pc, p)
}

func (d *debuggee) unwrapped(fn *proc.Function) *proc.Function {
	if fn == nil || !fn.Trampoline && !strings.Contains(fn.Name, "·dwrap·") {
		return fn
	}
	if inner := d.wrappedBy(fn); inner != nil {
		return inner
	}
	return fn
}

// privateRuntime reports whether a function is one that only the runtime calls.
func privateRuntime(name string) bool {
	rest, ok := strings.CutPrefix(name, "runtime.")
	return ok && (rest == "" || rest[0] < 'A' || rest[0] > 'Z')
}

// isSystem reports whether goroutines that begin with a function are the runtime's own.
func isSystem(start string) bool {
	return strings.HasPrefix(start, "runtime.") && start != "runtime.main" && start != "runtime.handleAsyncEvent"
}

// delveG returns a goroutine as Delve knows it; nil if there is none of that id at that
// index of runtime.allgs.
func (d *debuggee) delveG(index int, id int64) *proc.G {
	gs, _, err := proc.GoroutinesInfo(d.target, index, 1)
	if err != nil || len(gs) == 0 || gs[0].Unreadable != nil || gs[0].ID != id {
		return nil
	}
	return gs[0]
}

// unwinder is Delve's, which reads the debug information.
type unwinder struct{ d *debuggee }

func (u unwinder) Unwind(g *goroutine.G) ([]goroutine.Frame, goroutine.Spot, error) {
	known := u.d.delveG(g.Index, g.ID)
	if known == nil {
		return nil, goroutine.Spot{}, fmt.Errorf("goroutine %d has gone", g.ID)
	}
	stack, err := proc.GoroutineStacktrace(u.d.target, known, goroutine.MaxDepth, 0)
	if err != nil {
		return nil, goroutine.Spot{}, err
	}
	own := known.UserCurrent()
	spot := goroutine.Spot{PC: own.PC, Return: true}
	var frames []goroutine.Frame
	for _, f := range stack {
		if f.Inlined || f.Err != nil {
			continue
		}
		if len(frames) == 0 && own.PC == f.Current.PC {
			spot.Return = false
			if f.Current.Fn == nil || goroutine.KindOf(f.Current.Fn.Name) != goroutine.Own {
				spot = goroutine.Spot{}
			}
		}
		frames = append(frames, goroutine.Frame{PC: f.Current.PC, SP: f.Regs.SP(), CFA: uint64(f.Regs.CFA), Ret: f.Ret})
	}
	return frames, spot, nil
}
