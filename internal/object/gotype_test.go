package object

import (
	"fmt"
	"reflect"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
)

func (m ownMemory) TypeAt(addr uint64) (godwarf.Type, error) {
	if t := m.types[addr]; t != nil {
		return dwarfOf(t), nil
	}
	return nil, fmt.Errorf("no type at %#x", addr)
}

func (ownMemory) FuncName(uint64) string { return "" }

// described holds what dwarfOf has made: a type is described once, as in a program.
var described = map[reflect.Type]godwarf.Type{}

var stringType = reflect.TypeFor[string]()

var wordType = &godwarf.UintType{BasicType: godwarf.BasicType{CommonType: godwarf.CommonType{ByteSize: 8, Name: "uintptr"}}}

func fields(names ...string) []*godwarf.StructField {
	var fs []*godwarf.StructField
	for i, n := range names {
		fs = append(fs, &godwarf.StructField{Name: n, Type: wordType, ByteOffset: int64(8 * i)})
	}
	return fs
}

// eface is how the runtime describes an interface without methods.
var eface = &godwarf.StructType{CommonType: godwarf.CommonType{ByteSize: 16}, StructName: "runtime.eface", Field: []*godwarf.StructField{
	{Name: "_type", Type: &godwarf.PtrType{CommonType: godwarf.CommonType{ByteSize: 8}, Type: &godwarf.StructType{
		CommonType: godwarf.CommonType{ByteSize: 48}, StructName: "internal/abi.Type", Field: []*godwarf.StructField{
			{Name: "TFlag", Type: wordType, ByteOffset: 20}, {Name: "Kind_", Type: wordType, ByteOffset: 23},
		}}}},
	{Name: "data", Type: wordType, ByteOffset: 8},
}}

// dwarfOf describes a Go type as a program's debug information does.
func dwarfOf(t reflect.Type) godwarf.Type {
	if d := described[t]; d != nil {
		return d
	}
	c := godwarf.CommonType{ByteSize: int64(t.Size()), Name: t.String(), ReflectKind: t.Kind()}
	basic := godwarf.BasicType{CommonType: c}
	var d godwarf.Type
	switch t.Kind() {
	case reflect.Bool:
		d = &godwarf.BoolType{BasicType: basic}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		d = &godwarf.IntType{BasicType: basic}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		d = &godwarf.UintType{BasicType: basic}
	case reflect.Float64:
		d = &godwarf.FloatType{BasicType: basic}
	case reflect.Complex128:
		d = &godwarf.ComplexType{BasicType: basic}
	case reflect.Pointer:
		p := &godwarf.PtrType{CommonType: c}
		described[t] = p // it may lead to itself
		p.Type = dwarfOf(t.Elem())
		return p
	case reflect.Array:
		elem := dwarfOf(t.Elem())
		d = &godwarf.ArrayType{CommonType: c, Type: elem, Count: int64(t.Len()), StrideBitSize: 8 * elem.Size()}
	case reflect.Struct:
		s := &godwarf.StructType{CommonType: c, StructName: t.String(), Kind: "struct"}
		described[t] = &godwarf.TypedefType{CommonType: c, Type: s} // it may lead to itself
		for i := range t.NumField() {
			f := t.Field(i)
			s.Field = append(s.Field, &godwarf.StructField{Name: f.Name, Type: dwarfOf(f.Type), ByteOffset: int64(f.Offset), Embedded: f.Anonymous})
		}
		return described[t]
	case reflect.String:
		d = &godwarf.StringType{StructType: godwarf.StructType{CommonType: c, StructName: "string", Kind: "struct", Field: fields("str", "len")}}
	case reflect.Slice:
		s := &godwarf.SliceType{StructType: godwarf.StructType{CommonType: c, StructName: c.Name, Kind: "struct", Field: fields("array", "len", "cap")}}
		s.ElemType = dwarfOf(t.Elem())
		d = s
	case reflect.Interface:
		d = &godwarf.InterfaceType{TypedefType: godwarf.TypedefType{CommonType: c, Type: eface}}
	default:
		panic("no debug information for " + t.String())
	}
	described[t] = d
	return d
}
