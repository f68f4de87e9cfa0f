package object

import (
	"fmt"
	"strings"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"

	"github.com/argusdbg/argus/internal/value"
)

// longestPath is how many links a path goes through. Further away a part is named by its
// type and address, which is an expression as well.
const longestPath = 32

// base is what the paths of a block's parts begin with, and whether an index follows.
func (o *Object) base(b *block, far int) (path string, indexed bool) {
	switch {
	case b == o.root:
		return o.name, false
	case b.m != nil:
		b = b.m.head
	case b.c != nil:
		indexed = b.role == chanBuf
		b = b.c.head
	}
	l := o.namer(b)
	if l == nil || far > longestPath {
		if b.typ == nil {
			return fmt.Sprintf("memory at %#x", b.addr), false
		}
		return fmt.Sprintf("(*(*%s)(%#x))", value.TypeName(b.typ), b.addr), false
	}
	path = o.pathFrom(l.in, l.off, far+1)
	t := l.typ
	if l.kind == anIface && l.dyn != nil {
		path += ".(" + value.TypeName(l.dyn.typ) + ")"
		t = nil
		if l.dyn.direct {
			t = l.dyn.typ
		}
	}
	switch {
	case l.kind == aSlice:
		indexed = true
	case b.role == someValues && l.kind != anOutside && kindOf(t) == aPointer:
		path = pointee(path, b.typ)
	}
	return path, indexed
}

// pointee is what path points to: Go's own way to write a field of it has no star.
func pointee(path string, t godwarf.Type) string {
	switch value.Underlying(t).(type) {
	case *godwarf.StructType:
		return path
	case *godwarf.ArrayType:
		return "(*" + path + ")"
	}
	return "*" + path
}

func (o *Object) linkPath(l *link) string { return o.pathIn(l.in, l.off) }

// pathIn names the part of a block at an offset.
func (o *Object) pathIn(b *block, off int64) string { return o.pathFrom(b, off, 0) }

func (o *Object) pathFrom(b *block, off int64, far int) string {
	base, indexed := o.base(b, far)
	var s strings.Builder
	s.WriteString(base)
	switch b.role {
	case someValues, chanBuf:
		at := off / b.stride
		if indexed {
			fmt.Fprintf(&s, "[%d]", at)
		}
		s.WriteString(inside(b.typ, off-at*b.stride))
	case mapGroups:
		i, inElem, rest := b.m.lay.locate(off)
		if i < 0 || !b.m.live(b, i) {
			break
		}
		fmt.Fprintf(&s, "[%s]", o.keyText(b, i, maxText))
		if inElem && !b.m.lay.elemOut {
			s.WriteString(inside(b.m.lay.elem, rest))
		}
	}
	return s.String()
}

// inside names the part of a value of type t at an offset: ".Lines[3].Price".
func inside(t godwarf.Type, off int64) string {
	var path string
	w := walker{lo: off, hi: off + 1, visit: func(_ godwarf.Type, _ int64, p []byte) bool {
		path = string(p)
		return false
	}}
	w.walk(t, 0, 0)
	return path
}
