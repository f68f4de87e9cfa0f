package object

import (
	"github.com/go-delve/delve/pkg/dwarf/godwarf"

	"github.com/argusdbg/argus/internal/value"
)

// mapLayout is where things are in the maps of one type, as the program's debug
// information says (Go 1.24 and later: internal/runtime/maps). A map has a directory of
// tables, a table an array of groups, a group a control word and slots. A small map has
// one group and neither table nor directory.
//
// The linker records types that are only nearly right: dirPtr as a pointer to one
// *table, where it leads to dirLen of those, or to a group if dirLen is 0; the groups of
// a table as a pointer to one group, where it leads to lengthMask+1.
type mapLayout struct {
	typ                           *godwarf.MapType
	size                          int64 // of the map itself
	used, dirPtr, dirLen, writing span
	tableSize                     int64
	data, mask                    span // of a table
	group                         godwarf.Type
	groupSize, ctrl, slots        int64
	key0, keyStride               int64 // the first key of a group, and from one to the next
	elem0, elemStride             int64
	key, elem                     godwarf.Type // as Go sees them
	keyOut, elemOut               bool         // the slot has only its address: it is larger than 128 bytes
	keySize, elemSize             int64        // in the slot
	keyAddr, elemAddr             godwarf.Type // see addressOf
}

func (o *Object) mapLayoutOf(t *godwarf.MapType) (*mapLayout, error) {
	if lay := o.maps[t]; lay != nil {
		return lay, nil
	}
	lay, err := newMapLayout(t)
	if err == nil {
		o.maps[t] = lay
	}
	return lay, err
}

// finder looks fields up and keeps the first that is not there.
type finder struct{ missing string }

func (f *finder) field(s *godwarf.StructType, name string) *godwarf.StructField {
	if found := fieldOf(s, name); found != nil {
		return found
	}
	if f.missing == "" {
		f.missing = "there is no field " + name
		if s != nil {
			f.missing += " in " + s.StructName
		}
	}
	return &godwarf.StructField{Type: &godwarf.VoidType{}}
}

func (f *finder) span(s *godwarf.StructType, name string) span {
	found := f.field(s, name)
	return span{found.ByteOffset, value.Size(found.Type)}
}

func newMapLayout(t *godwarf.MapType) (*mapLayout, error) {
	head := structOf(t.Type)
	if fieldOf(head, "buckets") != nil {
		return nil, &LayoutError{"maps", "it has the hash tables of Go 1.23 and before, or of GOEXPERIMENT=noswissmap",
			"build the program with Go 1.24 or later, or watch the address of one element"}
	}
	var f finder
	lay := &mapLayout{typ: t, key: t.KeyType, elem: t.ElemType}
	lay.used, lay.dirPtr, lay.dirLen = f.span(head, "used"), f.span(head, "dirPtr"), f.span(head, "dirLen")
	lay.writing = f.span(head, "writing")
	var table *godwarf.StructType
	if p, ok := value.Underlying(f.field(head, "dirPtr").Type).(*godwarf.PtrType); ok {
		table = structOf(p.Type)
	}
	groups := f.field(table, "groups")
	lay.data, lay.mask = f.span(structOf(groups.Type), "data"), f.span(structOf(groups.Type), "lengthMask")
	lay.data.off += groups.ByteOffset
	lay.mask.off += groups.ByteOffset
	group := structOf(f.field(structOf(groups.Type), "data").Type)
	lay.group = group
	lay.ctrl = f.field(group, "ctrl").ByteOffset
	keyType, elemType := lay.slotsOf(&f, group)
	if f.missing == "" && (group == nil || lay.slots <= 0 || lay.slots > 8 || lay.keyStride < 0 || lay.elemStride < 0) {
		f.missing = "its groups have no slots"
	}
	if f.missing != "" {
		return nil, &LayoutError{"maps", f.missing, adviseNewer}
	}
	lay.size, lay.tableSize, lay.groupSize = head.ByteSize, table.ByteSize, value.Size(group)
	lay.keySize, lay.elemSize = value.Size(keyType), value.Size(elemType)
	if !lay.fits() {
		return nil, &LayoutError{"maps", "their fields do not lie within them", adviseNewer}
	}
	lay.keyOut, lay.elemOut = outside(keyType, t.KeyType), outside(elemType, t.ElemType)
	return lay, nil
}

// fits reports whether all parts lie within what they are parts of, so that nobody who
// looks at them has to ask.
func (lay *mapLayout) fits() bool {
	for _, s := range []span{lay.used, lay.dirPtr, lay.dirLen, lay.writing} {
		if !s.within(lay.size) {
			return false
		}
	}
	last := lay.slots - 1
	return lay.data.within(lay.tableSize) && lay.mask.within(lay.tableSize) &&
		span{lay.ctrl, 8}.within(lay.groupSize) &&
		span{lay.key0 + last*lay.keyStride, lay.keySize}.within(lay.groupSize) &&
		span{lay.elem0 + last*lay.elemStride, lay.elemSize}.within(lay.groupSize) &&
		lay.key0 >= 0 && lay.elem0 >= 0
}

func (s span) within(size int64) bool { return s.off >= 0 && s.size >= 0 && s.off+s.size <= size }

// slotsOf finds keys and elements in a group: slots of a key and an element each, or
// with GOEXPERIMENT=mapsplitgroup first all keys and then all elements.
func (lay *mapLayout) slotsOf(f *finder, group *godwarf.StructType) (key, elem godwarf.Type) {
	array := func(field *godwarf.StructField) (of godwarf.Type, n, stride int64) {
		a, ok := value.Underlying(field.Type).(*godwarf.ArrayType)
		if !ok {
			return &godwarf.VoidType{}, 0, 0
		}
		return a.Type, value.Count(a), value.Size(a.Type)
	}
	if keys := fieldOf(group, "keys"); keys != nil {
		elems := f.field(group, "elems")
		lay.key0, lay.elem0 = keys.ByteOffset, elems.ByteOffset
		key, lay.slots, lay.keyStride = array(keys)
		elem, _, lay.elemStride = array(elems)
		return key, elem
	}
	slots := f.field(group, "slots")
	var slot godwarf.Type
	slot, lay.slots, lay.keyStride = array(slots)
	lay.elemStride = lay.keyStride
	k, e := f.field(structOf(slot), "key"), f.field(structOf(slot), "elem")
	lay.key0, lay.elem0 = slots.ByteOffset+k.ByteOffset, slots.ByteOffset+e.ByteOffset
	return k.Type, e.Type
}

// outside reports whether a slot holds the address of what the map holds.
func outside(slot, t godwarf.Type) bool {
	_, is := value.Underlying(slot).(*godwarf.PtrType)
	_, should := value.Underlying(t).(*godwarf.PtrType)
	return is && !should
}

// Slots are numbered through all groups of an array.

func (lay *mapLayout) keyAt(i int64) int64 {
	return i/lay.slots*lay.groupSize + lay.key0 + i%lay.slots*lay.keyStride
}

func (lay *mapLayout) elemAt(i int64) int64 {
	return i/lay.slots*lay.groupSize + lay.elem0 + i%lay.slots*lay.elemStride
}

// ctrlAt is where the byte is that says whether a slot is in use. Control words are
// little-endian on both architectures.
func (lay *mapLayout) ctrlAt(i int64) int64 {
	return i/lay.slots*lay.groupSize + lay.ctrl + i%lay.slots
}

// free is the bit of a control byte that says that the slot is empty or was deleted
// (ctrlEmpty in internal/runtime/maps/group.go).
const free = 0x80

func (lay *mapLayout) liveIn(groups []byte, i int64) bool { return groups[lay.ctrlAt(i)]&free == 0 }

// locate says which slot an offset into an array of groups belongs to, -1 if none, and
// whether it is in the element, and how far.
func (lay *mapLayout) locate(off int64) (i int64, inElem bool, rest int64) {
	g := off / lay.groupSize * lay.slots
	for s := range lay.slots {
		i := g + s
		if at := off - lay.keyAt(i); at >= 0 && at < lay.keySize {
			return i, false, at
		}
		if at := off - lay.elemAt(i); at >= 0 && at < lay.elemSize {
			return i, true, at
		}
	}
	return -1, false, 0
}
