package backend

import (
	"context"
	"errors"
	"reflect"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/vars"
)

// ErrStale is returned for a [Variable] that was read before the program ran, or while
// it ran.
var ErrStale = errors.New("the program has run since this variable was read: read it again")

// Load bounds what is read of a value, and what is shown of it.
type Load struct {
	NoFollow bool // show where pointers point, not what is there
	Depth    int  // how many levels of structs, elements and interfaces; 0 is 1
	String   int  // how many bytes of a string; 0 is 512
	Array    int  // how many elements of an array or slice, pairs of a map; 0 is 64
	Raw      bool // strings as they are, not quoted
	Width    int  // how many bytes Value has of what has children, "..." not counted; 0: no bound
}

// config says it in Delve's terms.
func (l Load) config() proc.LoadConfig {
	return proc.LoadConfig{
		FollowPointers: !l.NoFollow, MaxVariableRecurse: orDefault(l.Depth, 1),
		MaxStringLen: orDefault(l.String, 512), MaxArrayValues: orDefault(l.Array, 64), MaxStructFields: -1,
	}
}

func orDefault(n, def int) int {
	if n <= 0 {
		return def
	}
	return n
}

// Variable is a value in the program, as it was when it was read. Its children can be
// asked for until the program runs; then they are [ErrStale].
type Variable struct {
	// Name is that of the variable or field, "[3]" for an element, the key in a map; a
	// pair of which neither is a scalar is two children, "[key 3]" and "[val 3]". What a
	// pointer points to has none. A variable that another hides is in parentheses.
	Name string
	// Expr is a Go expression that denotes the variable again in its scope; "" if there
	// is none.
	Expr string
	Type string // of an interface with what it holds: "error(*main.T)"
	// Value is the value in one line, as Delve shows it: `main.T {A: 1}`. Unsigned
	// integers are followed by their hexadecimal value: "10 = 0xa".
	Value string
	Plain string // Value without that

	Kind     reflect.Kind // [reflect.Invalid]: it has none
	Addr     uint64       // where it is; 0 if nowhere in memory
	Base     uint64       // where the elements of a slice or the bytes of a string are
	Size     int64        // in bytes, of the variable itself
	Len, Cap int64

	Expandable bool // there are children
	Indexed    int  // how many children go by index: elements, or pairs of a map
	Facts      int  // how many [Session.Facts] there are
	Loaded     int  // how many of its elements, pairs or fields Value is made of, at most

	Argument, Return bool
	Shadowed         bool  // another variable of the name hides it
	Escaped          bool  // it is on the heap
	Constant         bool  // it is in no memory, and cannot be changed
	Register         bool  // it is in processor registers, all or in part
	Optimized        bool  // the compiler keeps it nowhere at this place of the program
	Line             int   // of its declaration; 0 if unknown
	Unreadable       error // why it has no value

	node *proc.Variable // what the children are those of
	base string         // denotes node
	kids []*Variable    // instead of node's
	view *view
}

// DenotedBy says by which operand (a name, a selector, an element) a variable was asked for,
// so that the expressions of its children are made of that and need no parentheses.
func (v *Variable) DenotedBy(operand string) { v.Expr, v.base = operand, operand }

// variable describes what Delve has loaded, after loading what it left out for its
// depth.
func (w *view) variable(v *proc.Variable, expr string) *Variable {
	missing := w.fill(v, expr)
	r := &Variable{
		Name: v.Name, Expr: expr, Type: vars.Type(v), Kind: v.Kind, Addr: v.Addr, Base: v.Base, Len: v.Len, Cap: v.Cap,
		Expandable: vars.Expandable(v), Indexed: vars.Indexed(v), Loaded: len(v.Children),
		Argument: v.Flags&proc.VariableArgument != 0, Return: v.Flags&proc.VariableReturnArgument != 0,
		Shadowed: v.Flags&proc.VariableShadowed != 0, Escaped: v.Flags&proc.VariableEscaped != 0,
		Constant: v.Flags&proc.VariableConstant != 0, Register: v.Flags&(proc.VariableFakeAddress|proc.VariableCPURegister) != 0,
		Optimized: vars.OptimizedOut(v), Line: int(v.DeclLine), Unreadable: v.Unreadable, node: v, base: expr, view: w,
	}
	if v.DwarfType != nil {
		r.Size = v.DwarfType.Size()
	}
	if r.Register {
		r.Addr = 0 // Delve's own invention
	}
	if v.Kind == reflect.Map {
		r.Loaded /= 2
	}
	st := vars.Style{Raw: w.load.Raw, Read: w.read}
	if r.Expandable {
		st.Max = w.load.Width
	}
	r.Plain = vars.Line(v, st)
	if missing != nil {
		r.Plain += " (cannot be loaded: " + missing.Error() + ")"
	}
	r.Value = r.Plain
	if hex := vars.Hex(v); hex != "" {
		r.Value += " = " + hex
	}
	if v.Kind == reflect.Complex64 || v.Kind == reflect.Complex128 {
		r.kids = complexParts(v, st)
		r.Expandable = r.Expandable && r.kids != nil
	}
	r.Facts = len(w.factsOf(r))
	return r
}

func complexParts(v *proc.Variable, st vars.Style) []*Variable {
	re, im, ok := st.Parts(v)
	if !ok {
		return nil
	}
	part := Variable{Type: "float64", Kind: reflect.Float64, Size: 8}
	if v.Kind == reflect.Complex64 {
		part = Variable{Type: "float32", Kind: reflect.Float32, Size: 4}
	}
	a, b := part, part
	a.Name, a.Value, a.Plain = "real", re, re
	b.Name, b.Value, b.Plain = "imaginary", im, im
	return []*Variable{&a, &b}
}

// fill loads a value that was left out because of its depth.
func (w *view) fill(v *proc.Variable, expr string) error {
	if w.scope == nil || !vars.Missing(v) || v.Kind == reflect.Pointer && w.load.NoFollow {
		return nil
	}
	if v.Kind == reflect.Pointer && v.Addr == 0 { // the address of something: it is nowhere itself
		c := &v.Children[0]
		target := *c
		if loaded, err := w.reload(c, ""); err == nil {
			target = *loaded
			target.Name = c.Name
		} else {
			target.Unreadable, target.OnlyAddr = err, false
		}
		v.Children = []proc.Variable{target}
		return nil
	}
	loaded, err := w.reload(v, expr)
	if err != nil {
		return err
	}
	v.Children, v.Value = loaded.Children, loaded.Value
	return nil
}

// reload reads a variable once more, by its address or, where that cannot be, by the
// expression that denotes it.
func (w *view) reload(v *proc.Variable, expr string) (*proc.Variable, error) {
	err := errNowhere
	cfg := w.load.config()
	for _, e := range []string{vars.Address(v), expr} {
		if e == "" {
			continue
		}
		var loaded *proc.Variable
		if loaded, err = w.scope.EvalExpression(e, cfg); err == nil && loaded.Unreadable == nil {
			return loaded, nil
		}
		if err == nil {
			err = loaded.Unreadable
		}
	}
	return nil, err
}

var errNowhere = errors.New("it is not in memory")

// Children returns the children of a variable: count of them from start on, all if
// count is 0. Of lists and maps only those are read; see [Variable.Indexed]. The end of
// ctx ends the reading of a long one.
func (s *Session) Children(ctx context.Context, v *Variable, start, count int, l Load) ([]*Variable, error) {
	if v.kids != nil || v.view == nil {
		return part(v.kids, start, count), nil
	}
	var list []*Variable
	for {
		var page []*Variable
		next := 0
		err := s.inView(ctx, v, l, func(w *view) (err error) {
			page, next, err = w.children(v, start, count)
			return err
		})
		if err != nil {
			return nil, err
		}
		list = append(list, page...)
		if next == 0 {
			return list, nil
		}
		if count > 0 {
			count -= next - start
		}
		start = next
	}
}

// part is count of a list from start on, all if count is 0.
func part[T any](list []T, start, count int) []T {
	start = min(max(start, 0), len(list))
	end := len(list)
	if count > 0 {
		end = min(start+count, end)
	}
	return list[start:end]
}

// pageSize is how many elements are read between two looks at the context.
const pageSize = 1024

// children returns one page of a variable's children, and the index of the next page;
// 0: there is none.
func (w *view) children(v *Variable, start, count int) (list []*Variable, next int, err error) {
	node := v.node
	if v.view.writes != w.writes { // what was loaded is no longer so
		if node, err = w.reload(node, v.base); err != nil {
			return nil, 0, err
		}
	}
	follow := *w
	follow.load.NoFollow = false // somebody wants to see what is there
	if err := follow.fill(node, v.base); err != nil {
		return nil, 0, err
	}
	size := vars.Indexed(node)
	if size == 0 && node.Kind != reflect.Slice && node.Kind != reflect.Map {
		for _, c := range part(vars.Children(node, v.base, 0), start, count) {
			list = append(list, w.child(c))
		}
		return list, 0, nil
	}
	start = min(max(start, 0), size)
	end := size
	if count > 0 {
		end = min(start+count, size)
	}
	// The first elements of a map are skipped one by one: pages grow, so that the whole
	// takes no more than twice as long.
	stop := min(start+pageSize, end)
	if node.Kind == reflect.Map {
		stop = min(start+max(pageSize, start), end)
	}
	if stop > start {
		cfg := w.load.config()
		cfg.MaxArrayValues = stop - start
		if node, err = node.LoadResliced(start, cfg); err != nil {
			return nil, 0, err
		}
		for _, c := range vars.Children(node, v.base, start) {
			list = append(list, w.child(c))
		}
	}
	if node.Unreadable != nil {
		return nil, 0, node.Unreadable
	}
	if stop == end {
		return list, 0, nil
	}
	return list, stop, nil
}

// longKey is how many bytes of a map's key are shown as a name.
const longKey = 64

// child describes a child.
func (w *view) child(c vars.Child) *Variable {
	v := w.variable(c.Value, c.Expr)
	if c.Key == nil {
		v.Name = c.Name
		return v
	}
	key := w.variable(c.Key, c.KeyExpr)
	v.Name, v.Type = key.Value, key.Type+": "+v.Type
	if key.Expandable { // the value is a scalar: what can be unfolded is the key
		if len(v.Name) > longKey {
			v.Name = vars.Cut(key.Value, longKey) + " @ " + hex(key.Addr)
		}
		v.Expandable, v.Indexed, v.Facts = true, key.Indexed, key.Facts
		v.node, v.base, v.kids = key.node, key.base, key.kids
	}
	return v
}
