package value

import (
	"reflect"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
)

// dwarfOf describes a Go type as godwarf reads it from a binary's DWARF.
func dwarfOf(t reflect.Type) godwarf.Type {
	c := godwarf.CommonType{ByteSize: int64(t.Size()), Name: t.String(), ReflectKind: t.Kind()}
	basic := godwarf.BasicType{CommonType: c}
	switch t.Kind() {
	case reflect.Bool:
		return &godwarf.BoolType{BasicType: basic}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return &godwarf.IntType{BasicType: basic}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return &godwarf.UintType{BasicType: basic}
	case reflect.Float32, reflect.Float64:
		return &godwarf.FloatType{BasicType: basic}
	case reflect.Complex64, reflect.Complex128:
		return &godwarf.ComplexType{BasicType: basic}
	case reflect.Pointer:
		return &godwarf.PtrType{CommonType: c, Type: &godwarf.VoidType{}}
	case reflect.UnsafePointer:
		return &godwarf.PtrType{CommonType: c, Type: &godwarf.VoidType{}}
	case reflect.Func:
		return named(c, &godwarf.FuncType{CommonType: c})
	case reflect.Array:
		elem := dwarfOf(t.Elem())
		return &godwarf.ArrayType{CommonType: c, Type: elem, Count: int64(t.Len()), StrideBitSize: 8 * elem.Size()}
	case reflect.Struct:
		s := &godwarf.StructType{CommonType: c, StructName: t.String(), Kind: "struct"}
		for i := range t.NumField() {
			f := t.Field(i)
			s.Field = append(s.Field, &godwarf.StructField{Name: f.Name, Type: dwarfOf(f.Type), ByteOffset: int64(f.Offset), Embedded: f.Anonymous})
		}
		return named(c, s)
	case reflect.String:
		return &godwarf.StringType{StructType: godwarf.StructType{CommonType: c, StructName: "string", Kind: "struct"}}
	case reflect.Slice:
		return &godwarf.SliceType{StructType: godwarf.StructType{CommonType: c, StructName: c.Name, Kind: "struct"}, ElemType: dwarfOf(t.Elem())}
	case reflect.Map:
		return &godwarf.MapType{TypedefType: godwarf.TypedefType{CommonType: c}}
	case reflect.Chan:
		return &godwarf.ChanType{TypedefType: godwarf.TypedefType{CommonType: c}}
	case reflect.Interface:
		return named(c, &godwarf.InterfaceType{TypedefType: godwarf.TypedefType{CommonType: c}})
	}
	panic("no DWARF for " + t.String())
}

// named wraps t as Go's compiler does: a typedef around structs, funcs and interfaces.
func named(c godwarf.CommonType, t godwarf.Type) godwarf.Type {
	return &godwarf.TypedefType{CommonType: c, Type: t}
}
