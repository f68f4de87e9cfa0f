package backend

import (
	"fmt"
	"strings"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/goroutine"
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
	index   map[int64]int    // by id: where in runtime.allgs a goroutine was last seen
}

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
	p.walker = goroutine.NewWalker(func(pc uint64) goroutine.Kind { return goroutine.KindOf(d.lines.FuncName(pc)) })
	return nil
}

// all reads the goroutines.
func (d *debuggee) all() ([]goroutine.G, error) {
	if err := d.population.find(d); err != nil {
		return nil, err
	}
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
	d.population.index = make(map[int64]int, len(gs))
	for i := range gs {
		if gs[i].Err == nil {
			d.population.index[gs[i].ID] = gs[i].Index
		}
	}
	return gs, nil
}

// bulk is the way to read much of the program's memory.
func (d *debuggee) bulk() goroutine.Bulk {
	if d.process == nil {
		return goroutine.OneByOne{Memory: d.target.Memory()}
	}
	return goroutine.Process{Memory: d.target.Memory(), PID: d.target.Pid()}
}

// own says where goroutines' own code is: in which function, if that is enough, and at
// which line. None of them runs on a thread.
func (d *debuggee) own(gs []*goroutine.G, brief bool) []Place {
	spots := d.population.walker.Own(gs, d.target.Memory(), d.bulk(), unwinder{d})
	places := make([]Place, len(gs))
	for i, spot := range spots {
		if spot == (goroutine.Spot{}) {
			spot.PC = gs[i].PC
		}
		if brief {
			places[i] = Place{PC: spot.PC, Function: d.lines.FuncName(spot.PC)}
			continue
		}
		places[i] = d.spotPlace(spot)
	}
	return places
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
		p.File, p.Line = bi.EntryLineForFunc(fn)
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
