package object

import (
	"github.com/go-delve/delve/pkg/dwarf/godwarf"

	"github.com/argusdbg/argus/internal/value"
)

// Bytes is how much memory the object is now, what nothing leads to any more not counted.
func (o *Object) Bytes() int64 { return o.bytes }

// At returns the name and the value of the smallest part of the object at an address, as
// it was when it was last looked at. It is not ok where there is none: in padding, and
// where the runtime keeps account of a map or a channel. It is for writes of a value that
// was there before, which [Object.Changed] does not tell of.
func (o *Object) At(addr uint64) (path, text string, ok bool) {
	for _, b := range o.index.overlapping(nil, addr, 1) {
		off := int64(addr - b.addr)
		switch b.role {
		case someText:
			return o.pathIn(b, 0), o.quoted(b), true
		case someValues:
			at := off / b.stride * b.stride
			if t, begin := leafAt(b.typ, off-at); t != nil {
				return o.pathIn(b, off), o.text(b, at+begin, t), true
			}
		case mapGroups:
			i, inElem, rest := b.m.lay.locate(off)
			if i < 0 || !inElem || !b.m.live(b, i) {
				continue
			}
			if b.m.lay.elemOut {
				return o.pathIn(b, off), o.elemText(b, i), true
			}
			if t, begin := leafAt(b.m.lay.elem, rest); t != nil {
				return o.pathIn(b, off), o.text(b, b.m.lay.elemAt(i)+begin, t), true
			}
		}
	}
	return "", "", false
}

// WordAt is At for a single store, as [Object.Raw] tells of them: where a part is made of
// words, one of these.
func (o *Object) WordAt(addr uint64) (path, text string, ok bool) {
	for _, b := range o.index.overlapping(nil, addr, 1) {
		if b.role != someValues {
			continue
		}
		off := int64(addr - b.addr)
		at := off / b.stride * b.stride
		t, begin := leafAt(b.typ, off-at)
		if t == nil {
			continue
		}
		for _, f := range wordsOf(t) {
			word := at + begin + f.ByteOffset
			if end := word + value.Size(f.Type); word <= off && off < end && end <= b.size() {
				return o.pathIn(b, off) + "." + f.Name, value.Format(f.Type, b.old[word:end], o.env), true
			}
		}
	}
	return o.At(addr)
}

// leafAt finds the part of a value of type t that an offset lies in, and where it begins.
func leafAt(t godwarf.Type, off int64) (leaf godwarf.Type, begin int64) {
	w := walker{lo: off, hi: off + 1, visit: func(t godwarf.Type, at int64, _ []byte) bool {
		leaf, begin = t, at
		return false
	}}
	w.walk(t, 0, 0)
	if leaf != nil && (begin > off || off >= begin+value.Size(leaf)) {
		return nil, 0
	}
	return leaf, begin
}

// quoted is the text of a string's bytes.
func (o *Object) quoted(b *block) string {
	p := printer{o: o, max: maxText}
	p.quote(b.old)
	return string(p.dst)
}

// EntryPath is what the paths of the parts of the entry of a map begin with that the object
// is, main.m["k"]; "" as long as it has not been there.
func (o *Object) EntryPath() string {
	for _, b := range o.blocks {
		if b.m != nil && b.slot >= 0 && b.m.live(b, b.slot) {
			o.entryName = o.mapPath(b.m) + "[" + o.keyText(b, b.slot, maxText) + "]"
		}
	}
	return o.entryName
}

// entryText is the value of the entry of a map that the object is; "" if it is not there.
func (o *Object) entryText() string {
	for _, b := range o.blocks {
		if b.m != nil && b.slot >= 0 && b.m.live(b, b.slot) {
			return o.elemText(b, b.slot)
		}
	}
	return ""
}
