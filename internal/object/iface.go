package object

import (
	"github.com/go-delve/delve/pkg/dwarf/godwarf"

	"github.com/argusdbg/argus/internal/value"
)

// dynamic is the type of what an interface holds.
type dynamic struct {
	typ    godwarf.Type
	direct bool // the data word is the value, and not its address
}

// directIface is the bit of internal/abi.Type that says that the value is in the data
// word. Go 1.25 and before have it in Kind_ (abi.KindDirectIface), later ones in TFlag
// (abi.TFlagDirectIface); in the other of the two fields the bit was never used.
const directIface = 1 << 5

// ifaceWords returns the address of the type descriptor and the data word of an
// interface, both 0 if it is nil, and the struct that describes the descriptor.
func (o *Object) ifaceWords(t godwarf.Type, b []byte) (desc, data uint64, of *godwarf.StructType, err error) {
	layout := func(detail string) error {
		return &LayoutError{"interfaces", detail, "watch a word of it by its address, *(*uintptr)(ADDR)"}
	}
	it, ok := value.Underlying(t).(*godwarf.InterfaceType)
	if !ok {
		return 0, 0, nil, layout("not an interface")
	}
	s := structOf(it.Type)
	word := func(name string) (uint64, *godwarf.StructField) {
		f := fieldOf(s, name)
		if f == nil || f.ByteOffset < 0 || f.ByteOffset+8 > int64(len(b)) {
			return 0, nil
		}
		return number(b[f.ByteOffset : f.ByteOffset+8]), f
	}
	data, f := word("data")
	if f == nil {
		return 0, 0, nil, layout("no field data in " + value.TypeName(t))
	}
	if desc, f = word("_type"); f != nil {
		if desc == 0 {
			return 0, 0, nil, nil
		}
		return desc, data, structOf(f.Type), nil
	}
	tab, f := word("tab")
	if f == nil {
		return 0, 0, nil, layout("neither _type nor tab in " + value.TypeName(t))
	}
	if tab == 0 {
		return 0, 0, nil, nil
	}
	ft := fieldOf(structOf(f.Type), "Type")
	if ft == nil {
		return 0, 0, nil, layout("no field Type in its table of methods")
	}
	var w [8]byte
	if err := o.read(w[:], tab+uint64(ft.ByteOffset)); err != nil {
		return 0, 0, nil, &ReadError{"", tab, int64(len(w)), err}
	}
	return number(w[:]), data, structOf(ft.Type), nil
}

// dynamicOf returns the type whose descriptor is at an address.
func (o *Object) dynamicOf(desc uint64, of *godwarf.StructType) (*dynamic, error) {
	if d := o.types[desc]; d != nil {
		return d, nil
	}
	t, err := o.env.TypeAt(desc)
	if err != nil {
		return nil, err
	}
	var bits uint64
	for _, name := range []string{"TFlag", "Kind_"} {
		f := fieldOf(of, name)
		if f == nil {
			return nil, &LayoutError{"interfaces", "no field " + name + " in a type's descriptor", adviseNewer}
		}
		var b [1]byte
		if err := o.read(b[:], desc+uint64(f.ByteOffset)); err != nil {
			return nil, &ReadError{"", desc, 1, err}
		}
		bits |= uint64(b[0])
	}
	d := &dynamic{t, bits&directIface != 0}
	o.types[desc] = d
	return d, nil
}

func (o *Object) targetOfIface(l *link, path func() string) (*block, error) {
	desc, data, of, err := o.ifaceWords(l.typ, l.header())
	if err != nil || desc == 0 {
		return nil, named(err, path)
	}
	if l.dyn, err = o.dynamicOf(desc, of); err != nil {
		return nil, named(err, path)
	}
	switch {
	case l.dyn.direct:
		return o.targetOfWord(l, l.dyn.typ, data, kindOf(l.dyn.typ), path)
	case value.Size(l.dyn.typ) <= 0 || data == 0:
		return nil, nil
	}
	return o.reach(key{someValues, data, 1, l.dyn.typ}, l.in.hops, path)
}
