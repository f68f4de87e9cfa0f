package dap

import (
	"fmt"
	"reflect"
	"strconv"

	"github.com/google/go-dap"

	"github.com/argusdbg/argus/backend"
)

const (
	// shownBytes is how much of the value of something that can be expanded is shown
	// beside its name.
	shownBytes = 256
	// wholeString is how much of a string is read where the user asks for it by itself,
	// and calledString where a function returned it: bytes.
	wholeString  = 4 << 10
	calledString = 1 << 10
)

// load is how much is read of a value.
func (s *session) load() backend.Load {
	t := s.target
	return backend.Load{String: t.MaxStringLen, Array: t.MaxArrayValues, Raw: t.ShowRawStrings, Width: shownBytes}
}

// style is how values are shown.
type style struct {
	hex bool // integers in hexadecimal
}

func styleOf(f *dap.ValueFormat) style { return style{hex: f != nil && f.Hex} }

// text is the value of a variable in one line.
func (s *session) text(v *backend.Variable, st style) string {
	text := v.Value
	if st.hex {
		if t, ok := hexadecimal(v); ok {
			return t
		}
	}
	if !v.Expandable {
		return text
	}
	if total, part := int(v.Len), v.Loaded; part > 0 && part < total && !(s.client.paging && v.Indexed > 0) {
		text = fmt.Sprintf("(loaded %d/%d) ", part, total) + text
	}
	return text
}

func hexadecimal(v *backend.Variable) (string, bool) {
	if v.Unreadable != nil {
		return "", false
	}
	switch v.Kind {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, err := strconv.ParseInt(v.Plain, 10, 64)
		return fmt.Sprintf("%#x", n), err == nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		n, err := strconv.ParseUint(v.Plain, 10, 64)
		return fmt.Sprintf("%#x", n), err == nil
	}
	return "", false
}

// typeOf is the type of a variable, for clients that show it.
func (s *session) typeOf(v *backend.Variable) string {
	if !s.client.variableType {
		return ""
	}
	return v.Type
}

// reference is the number by which the client can ask for a variable's children; 0 if it
// has none. What was read while the program ran has gone by.
func (s *session) reference(v *backend.Variable, at backend.Scope) int {
	if !v.Expandable || v.Unreadable != nil || s.state != stateStopped {
		return 0
	}
	return s.addNode(&node{at: at, v: v})
}

// variable is a variable as the protocol has it.
func (s *session) variable(v *backend.Variable, at backend.Scope, st style) dap.Variable {
	s.noteMemory(v, at)
	return dap.Variable{
		Name: v.Name, EvaluateName: v.Expr, Value: s.text(v, st), Type: s.typeOf(v),
		VariablesReference: s.reference(v, at), IndexedVariables: v.Indexed, NamedVariables: v.Facts,
		MemoryReference: memoryReference(v), PresentationHint: hint(v),
	}
}

func (s *session) variables(list []*backend.Variable, at backend.Scope, st style) []dap.Variable {
	vars := make([]dap.Variable, len(list))
	for i, v := range list {
		vars[i] = s.variable(v, at, st)
	}
	return vars
}

// memoryReference is where the bytes of a variable are: those that a string or slice refers
// to, or its own.
func memoryReference(v *backend.Variable) string {
	switch {
	case v.Unreadable != nil:
		return ""
	case v.Base != 0 && (v.Kind == reflect.String || v.Kind == reflect.Slice):
		return fmt.Sprintf("%#x", v.Base)
	case v.Addr != 0 && !v.Register:
		return fmt.Sprintf("%#x", v.Addr)
	}
	return ""
}

// noteMemory notes that the client is given a reference to the memory of a string or
// slice, as long as that stays where it is.
func (s *session) noteMemory(v *backend.Variable, at backend.Scope) {
	if s.state == stateStopped && v.Base != 0 && v.Unreadable == nil && (v.Kind == reflect.String || v.Kind == reflect.Slice) {
		s.addRegion(v, at)
	}
}

// hint tells editors what they can offer for a variable; nil if there is nothing to tell.
func hint(v *backend.Variable) *dap.VariablePresentationHint {
	switch {
	case v.Constant:
		return &dap.VariablePresentationHint{Attributes: []string{"constant", "readOnly"}}
	case v.Expr == "" || v.Unreadable != nil:
		return &dap.VariablePresentationHint{Attributes: []string{"readOnly"}}
	}
	return nil
}
