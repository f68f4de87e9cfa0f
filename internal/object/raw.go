package object

import (
	"bytes"
	"fmt"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"

	"github.com/argusdbg/argus/internal/value"
)

// patch is memory that Raw has told of and Changed has not.
type patch struct {
	addr  uint64
	bytes []byte
}

// Raw tells what a single store changed, word by word, and makes out nothing: the words
// of a string, slice or interface are numbers, main.s.len: 3 -> 5, and what they lead to
// is not looked at. It may be called in the middle of an assignment, for every store in
// turn; [Object.Changed] is called as if it had not been.
func (o *Object) Raw(written Range) ([]Change, error) {
	var changes []Change
	for _, d := range o.dirty([]Range{written}) {
		b := d.b
		lo, hi := max(0, d.lo-longestLeaf), min(b.size(), d.hi+longestLeaf)
		now := make([]byte, hi-lo)
		if err := o.read(now, b.addr+uint64(lo)); err != nil {
			return changes, &ReadError{o.pathIn(b, lo), b.addr + uint64(lo), hi - lo, err}
		}
		was := bytes.Clone(b.old[lo:hi])
		for _, p := range o.raw {
			overlay(was, b.addr+uint64(lo), p)
		}
		tell := func(off, size int64, name string, t godwarf.Type) {
			if off < lo || off+size > hi || off >= d.hi || off+size <= d.lo {
				return
			}
			w, n := was[off-lo:off-lo+size], now[off-lo:off-lo+size]
			if bytes.Equal(w, n) || len(changes) >= MaxChanges {
				return
			}
			c := Change{Kind: Set, Path: o.pathIn(b, off) + name}
			if t != nil {
				c.Old, c.New = value.Format(t, w, o.env), value.Format(t, n, o.env)
			} else {
				c.Old, c.New = fmt.Sprintf("%#x", number(w)), fmt.Sprintf("%#x", number(n))
			}
			changes = append(changes, c)
			o.raw = append(o.raw, patch{b.addr + uint64(off), bytes.Clone(n)})
		}
		if b.role != someValues && b.role != chanBuf {
			for off := d.lo &^ 7; off < d.hi; off += 8 {
				tell(off, min(8, b.size()-off), fmt.Sprintf(" (%s+%d)", b.role, off), nil)
			}
			continue
		}
		for i := d.lo / b.stride; i < b.n && i*b.stride < d.hi; i++ {
			w := walker{lo: d.lo, hi: d.hi}
			w.visit = func(t godwarf.Type, off int64, _ []byte) bool {
				words := wordsOf(t)
				for _, f := range words {
					tell(off+f.ByteOffset, value.Size(f.Type), "."+f.Name, f.Type)
				}
				if len(words) == 0 {
					tell(off, value.Size(t), "", t)
				}
				return true
			}
			w.walk(b.typ, i*b.stride, 0)
		}
	}
	return changes, nil
}

// wordsOf returns the words of a string, slice or interface; none for other types.
func wordsOf(t godwarf.Type) []*godwarf.StructField {
	s := fieldsOf(t)
	if it, ok := value.Underlying(t).(*godwarf.InterfaceType); ok {
		s = structOf(it.Type)
	}
	if s == nil {
		return nil
	}
	return s.Field
}

func overlay(dst []byte, addr uint64, p patch) {
	switch {
	case p.addr >= addr+uint64(len(dst)) || p.addr+uint64(len(p.bytes)) <= addr:
	case p.addr >= addr:
		copy(dst[p.addr-addr:], p.bytes)
	default:
		copy(dst, p.bytes[addr-p.addr:])
	}
}

func (r role) String() string {
	return [...]string{"value", "text", "the runtime's map", "its directory", "its groups", "the runtime's channel", "its buffer"}[r]
}

// Related reports whether stores to a and b can belong to one assignment without being
// side by side: both are words of one string, slice or interface, or parts of one map or
// of one channel. It is for [NewCoalescer].
func (o *Object) Related(a, b Range) bool {
	units := o.units(nil, a)
	for _, u := range o.units(nil, b) {
		for _, v := range units {
			if u == v {
				return true
			}
		}
	}
	return false
}

// units appends what a range is a part of: links, and heads of maps and channels.
func (o *Object) units(dst []any, r Range) []any {
	for _, d := range o.dirty([]Range{r}) {
		b := d.b
		i, j := b.linksIn(d.lo-longestLeaf, d.hi)
		for _, l := range b.links[i:j] {
			if l.off+value.Size(l.typ) > d.lo && (l.kind == aString || l.kind == aSlice || l.kind == anIface) {
				dst = append(dst, l)
			}
		}
		if l := o.namer(b); l != nil && l.kind == anOutside {
			b = l.in
		}
		switch {
		case b.m != nil:
			dst = append(dst, b.m.head)
		case b.c != nil:
			dst = append(dst, b.c.head)
		}
	}
	return dst
}
