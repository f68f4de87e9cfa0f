package backend

import (
	"context"
	"go/token"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
	"github.com/go-delve/delve/pkg/proc"
)

// maxCompletions is how many names Complete returns if it is not told.
const maxCompletions = 100

// predeclared are the names that expressions have everywhere.
var predeclared = []string{"cap", "complex", "false", "imag", "len", "max", "min", "nil", "real", "true"}

// Complete returns names that can stand for the last word of a text that is the
// beginning of an expression: variables, functions and packages, or what can follow a
// dot. They begin with the word, whatever the case of its letters; the nearest come
// first. There are up to max of them (0: 100).
func (s *Session) Complete(ctx context.Context, at Scope, text string, max int) ([]string, error) {
	operand, word := lastOperand(text)
	names := completions{word: strings.ToLower(word), max: orDefault(max, maxCompletions), seen: map[string]bool{}}
	err := s.look(ctx, at, Load{}, func(w *view) error {
		if operand == "" {
			return w.names(&names)
		}
		if strings.HasPrefix(operand, `"`) {
			return w.namesOf(packagesCalled(w.scope.BinInfo, operand), &names)
		}
		// The name of a package can be that of a function too: main.
		if v, err := w.scope.EvalExpression(operand, proc.LoadConfig{}); err == nil && v.Unreadable == nil && v.Kind != reflect.Func {
			if v.Kind == reflect.Interface && len(v.Children) > 0 {
				v = &v.Children[0]
			}
			if v.DwarfType != nil {
				members(w.scope.BinInfo, v.DwarfType, &names)
			}
			return nil
		}
		return w.namesOf(packagesCalled(w.scope.BinInfo, operand), &names)
	})
	return names.list, err
}

// lastOperand splits the end of a text at its last dot: "f(a.b[i].na" has the operand
// a.b[i] and the word na. Without a dot there is no operand.
func lastOperand(text string) (operand, word string) {
	r := []rune(text)
	isName := func(c rune) bool { return c == '_' || unicode.IsLetter(c) || unicode.IsDigit(c) }
	i := len(r)
	for i > 0 && isName(r[i-1]) {
		i--
	}
	word = string(r[i:])
	if i == 0 || r[i-1] != '.' {
		return "", word
	}
	end := i - 1
	depth := 0
	for i = end; i > 0; i-- {
		switch c := r[i-1]; {
		case c == ')' || c == ']':
			depth++
		case (c == '(' || c == '[') && depth > 0:
			depth--
		case c == '"' && i > 1:
			for i--; i > 1 && r[i-1] != '"'; {
				i--
			}
		case depth > 0 || isName(c) || c == '.':
		default:
			return string(r[i:end]), word
		}
	}
	return string(r[:end]), word
}

// completions collects names.
type completions struct {
	word string // in small letters
	max  int
	list []string
	seen map[string]bool
}

func (c *completions) add(name string) {
	if len(c.list) < c.max && !c.seen[name] && token.IsIdentifier(name) && strings.HasPrefix(strings.ToLower(name), c.word) {
		c.seen[name] = true
		c.list = append(c.list, name)
	}
}

func (c *completions) addSorted(names []string) {
	slices.Sort(names)
	for _, n := range names {
		c.add(n)
	}
}

// names adds what can be named in the scope without a package.
func (w *view) names(c *completions) error {
	for _, list := range []func(proc.LoadConfig) ([]*proc.Variable, error){w.scope.LocalVariables, w.scope.FunctionArguments} {
		found, err := list(proc.LoadConfig{})
		if err != nil {
			continue // there is no function: there are no locals
		}
		for _, v := range slices.Backward(found) {
			c.add(v.Name)
		}
	}
	if w.scope.Fn != nil {
		if err := w.namesOf([]string{w.scope.Fn.PackageName()}, c); err != nil {
			return err
		}
	}
	c.addSorted(slices.Clone(predeclared))
	var packages []string
	for name := range w.scope.BinInfo.PackageMap {
		packages = append(packages, name)
	}
	c.addSorted(packages)
	return nil
}

// packagesCalled are the import paths of the packages that an expression can mean.
func packagesCalled(bi *proc.BinaryInfo, name string) []string {
	if path, err := strconv.Unquote(name); err == nil {
		return []string{path}
	}
	if paths := bi.PackageMap[name]; len(paths) > 0 {
		return paths
	}
	return []string{name}
}

// namesOf adds the variables and functions of packages.
func (w *view) namesOf(packages []string, c *completions) error {
	globals, err := w.globals()
	if err != nil {
		return err
	}
	for _, pkg := range packages {
		c.addSorted(slices.Clone(globals[pkg]))
		var functions []string
		for i := range w.scope.BinInfo.Functions {
			if name, ok := strings.CutPrefix(w.scope.BinInfo.Functions[i].Name, pkg+"."); ok && token.IsIdentifier(name) {
				functions = append(functions, name)
			}
		}
		c.addSorted(functions)
	}
	return nil
}

// members adds the fields and methods of a type, and of what is embedded in it.
func members(bi *proc.BinaryInfo, t godwarf.Type, c *completions) {
	var methods []string
	seen := map[string]bool{}
	level := []godwarf.Type{t}
	for len(level) > 0 { // shallow ones hide deeper ones
		var next []godwarf.Type
		for _, t := range level {
			if p, ok := godwarf.ResolveTypedef(t).(*godwarf.PtrType); ok {
				t = p.Type
			}
			if seen[t.String()] {
				continue
			}
			seen[t.String()] = true
			methods = append(methods, methodsOf(bi, t.Common().Name)...)
			st, ok := godwarf.ResolveTypedef(t).(*godwarf.StructType)
			if !ok {
				continue
			}
			for _, f := range st.Field {
				name := f.Name[strings.LastIndexByte(f.Name, '.')+1:]
				c.add(name)
				if f.Embedded {
					next = append(next, f.Type)
				}
			}
		}
		level = next
	}
	c.addSorted(methods)
}

// methodsOf lists the methods of a type that are in the program: the linker drops those
// that nothing calls.
func methodsOf(bi *proc.BinaryInfo, typ string) []string {
	dot := strings.LastIndexByte(typ, '.')
	if dot < 0 {
		return nil
	}
	var names []string
	for _, prefix := range []string{typ + ".", typ[:dot] + ".(*" + typ[dot+1:] + ")."} {
		for i := range bi.Functions {
			if name, ok := strings.CutPrefix(bi.Functions[i].Name, prefix); ok && token.IsIdentifier(name) {
				names = append(names, name)
			}
		}
	}
	return names
}
