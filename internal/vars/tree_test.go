package vars

import (
	"go/constant"
	"reflect"
	"testing"

	"github.com/go-delve/delve/pkg/proc"
)

func TestExpandable(t *testing.T) {
	there := []proc.Variable{{Kind: reflect.Int, Addr: 8}}
	left := []proc.Variable{{Kind: reflect.Int, Addr: 8, OnlyAddr: true}}
	for name, c := range map[string]struct {
		v                   proc.Variable
		expandable, missing bool
	}{
		"pointer":              {proc.Variable{Kind: reflect.Pointer, DwarfType: typed("*int"), Children: there}, true, false},
		"pointer, left out":    {proc.Variable{Kind: reflect.Pointer, DwarfType: typed("*int"), Children: left}, true, true},
		"nil pointer":          {proc.Variable{Kind: reflect.Pointer, DwarfType: typed("*int"), Children: []proc.Variable{{Kind: reflect.Int}}}, false, false},
		"untyped nil":          {proc.Variable{Kind: reflect.Pointer, Children: left}, false, false},
		"unsafe pointer":       {proc.Variable{Kind: reflect.UnsafePointer, Children: there}, false, false},
		"interface":            {proc.Variable{Kind: reflect.Interface, Addr: 8, Children: there}, true, false},
		"interface, left out":  {proc.Variable{Kind: reflect.Interface, Addr: 8, Children: left}, true, true},
		"nil interface":        {proc.Variable{Kind: reflect.Interface, Addr: 8, Children: []proc.Variable{{}}}, false, false},
		"slice":                {proc.Variable{Kind: reflect.Slice, Base: 8, Len: 1, Children: there}, true, false},
		"slice, left out":      {proc.Variable{Kind: reflect.Slice, Base: 8, Len: 1}, false, true},
		"nil slice":            {proc.Variable{Kind: reflect.Slice}, false, false},
		"struct":               {proc.Variable{Kind: reflect.Struct, Len: 1, Children: there}, true, false},
		"struct, left out":     {proc.Variable{Kind: reflect.Struct, Len: 1}, false, true},
		"empty struct":         {proc.Variable{Kind: reflect.Struct}, false, false},
		"closure":              {proc.Variable{Kind: reflect.Func, Len: 1, Children: there}, true, false},
		"complex":              {proc.Variable{Kind: reflect.Complex64}, true, false},
		"int":                  {proc.Variable{Kind: reflect.Int}, false, false},
		"what cannot be read":  {proc.Variable{Kind: reflect.Struct, Len: 1, Children: there, Unreadable: errUnread}, false, false},
		"left out, unreadable": {proc.Variable{Kind: reflect.Struct, Len: 1, Unreadable: errUnread}, false, false},
	} {
		if Expandable(&c.v) != c.expandable || Missing(&c.v) != c.missing {
			t.Errorf("%s: expandable %t, missing %t", name, Expandable(&c.v), Missing(&c.v))
		}
	}
}

var errUnread = constantError("unreadable")

type constantError string

func (e constantError) Error() string { return string(e) }

func TestAddress(t *testing.T) {
	for want, v := range map[string]*proc.Variable{
		`*(*"net/http.T")(0x10)`: {Addr: 16, DwarfType: typed("net/http.T")},
		"":                       {Addr: 16, DwarfType: typed("int"), Flags: proc.VariableFakeAddress},
	} {
		if got := Address(v); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if Address(&proc.Variable{DwarfType: typed("int")}) != "" || Address(&proc.Variable{Addr: 8}) != "" {
		t.Error("an address without address or type")
	}
}

// TestNoExpression: children of what cannot be denoted cannot be either, and neither can
// variables of the compiler's own.
func TestNoExpression(t *testing.T) {
	one := integer(1)
	for _, v := range []*proc.Variable{
		{Kind: reflect.Struct, Children: []proc.Variable{{Name: "A"}}}, {Kind: reflect.Slice, Base: 8, Children: []proc.Variable{one}},
		{Kind: reflect.Map, Base: 8, Children: []proc.Variable{one, one}},
	} {
		if c := Children(v, "", 0); len(c) != 1 || c[0].Expr != "" {
			t.Errorf("%s: %+v", v.Kind, c)
		}
	}
	for _, name := range []string{"~r0", ".dict"} {
		if c := Children(&proc.Variable{Children: []proc.Variable{{Name: name}}}, "x", 0); c[0].Expr != "" {
			t.Errorf("%s: %s", name, c[0].Expr)
		}
	}
}

// TestPages: indices begin where the page does.
func TestPages(t *testing.T) {
	one := integer(1)
	if c := Children(&proc.Variable{Kind: reflect.Array, Children: []proc.Variable{one, one}}, "x", 7); c[1].Name != "[8]" || c[1].Expr != "x[8]" {
		t.Errorf("%+v", c[1])
	}
	st := proc.Variable{Kind: reflect.Struct, Addr: 16, Len: 1, DwarfType: typed("main.T"), Children: []proc.Variable{one}}
	c := Children(&proc.Variable{Kind: reflect.Map, Children: []proc.Variable{st, st, one, st}}, "m", 7)
	if len(c) != 3 || c[0].Name != "[key 7]" || c[1].Name != "[val 7]" || c[1].Expr != `m[(*(*"main.T")(0x10))]` || c[2].Key == nil || c[2].Expr != "m[1]" {
		t.Errorf("%+v", c)
	}
}

func TestText(t *testing.T) {
	v := &proc.Variable{Kind: reflect.Slice, Children: []proc.Variable{{Value: constant.MakeInt64(1)}}}
	if bytes, runes := Text(v); bytes || runes {
		t.Error("elements without a type are text")
	}
}
