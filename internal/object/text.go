package object

import (
	"strconv"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"

	"github.com/argusdbg/argus/internal/value"
)

// How much of a value its text shows. What is left out is counted.
const (
	maxText     = 1 << 10 // bytes, of all
	maxString   = 64      // bytes, of a string
	maxElements = 16      // of a slice or array
	maxEntries  = 8       // of a map
)

// printer writes values as Go's %+v does, strings quoted, with what they lead to: from
// the object's own memory of it where there is one, and read from the program if not.
type printer struct {
	o    *Object
	dst  []byte
	max  int  // bytes
	full bool // nothing is left out
	deep int
}

// text writes the value of type t in a block.
func (o *Object) text(b *block, off int64, t godwarf.Type) string {
	return o.textOf(t, b.old[off:], b, off)
}

// textOf writes a value whose bytes are given; its links are those of in at off.
func (o *Object) textOf(t godwarf.Type, bytes []byte, in *block, off int64) string {
	p := printer{o: o, max: maxText}
	p.value(t, bytes, in, off)
	return string(p.dst)
}

func (p *printer) add(s string) { p.dst = append(p.dst, s...) }

func (p *printer) tooLong() bool { return !p.full && len(p.dst) > p.max }

func (p *printer) more(n int64) {
	if n > 0 {
		p.add(" ...+" + strconv.FormatInt(n, 10) + " more")
	}
}

// value writes a value of type t. If in is not nil the value is in that block, at off.
func (p *printer) value(t godwarf.Type, b []byte, in *block, off int64) {
	n := value.Size(t)
	if n < 0 || n > int64(len(b)) || p.deep > maxNesting {
		p.add("<unreadable>")
		return
	}
	p.deep++
	defer func() { p.deep-- }()
	var l *link
	if in != nil {
		l = in.linkAt(off)
	}
	b = b[:n]
	if l != nil && l.err == errFreed && l.typ == t && l.kind != aPointer {
		p.add(freedText)
		return
	}
	switch u := value.Underlying(t).(type) {
	case *godwarf.StructType:
		p.add("{")
		for i, f := range u.Field {
			if i > 0 {
				p.add(" ")
			}
			if p.tooLong() {
				p.more(int64(len(u.Field) - i))
				break
			}
			p.add(f.Name + ":")
			if f.ByteOffset < 0 || f.ByteOffset > n {
				p.add("<unreadable>")
				continue
			}
			p.value(f.Type, b[f.ByteOffset:], in, off+f.ByteOffset)
		}
		p.add("}")
	case *godwarf.ArrayType:
		p.list(u.Type, value.Count(u), b, in, off)
	case *godwarf.StringType, *godwarf.SliceType:
		p.header(t, b, l)
	case *godwarf.InterfaceType:
		p.iface(t, b, l)
	case *godwarf.MapType:
		p.aMap(t, number(b), l)
	case *godwarf.ChanType:
		p.aChan(t, number(b), l)
	case *godwarf.PtrType:
		p.dst = value.AppendFormat(p.dst, t, b, p.o.env)
		if l != nil && l.to != nil && l.kind == aPointer && p.deep <= 2 {
			p.add(" &")
			deep := p.deep
			p.deep = 3 // pointers in there are addresses
			p.value(l.to.typ, l.to.old, l.to, 0)
			p.deep = deep
		}
	default:
		p.dst = value.AppendFormat(p.dst, t, b, p.o.env)
	}
}

func (p *printer) list(t godwarf.Type, n int64, b []byte, in *block, off int64) {
	stride := value.Size(t)
	p.add("[")
	for i := range n {
		if !p.full && i == maxElements || p.tooLong() || stride < 0 || (i+1)*stride > int64(len(b)) {
			p.more(n - i)
			break
		}
		if i > 0 {
			p.add(" ")
		}
		p.value(t, b[i*stride:], in, off+i*stride)
	}
	p.add("]")
}

// quote writes the text of a string.
func (p *printer) quote(text []byte) {
	n := len(text)
	if !p.full {
		n = min(n, maxString)
	}
	p.dst = strconv.AppendQuote(p.dst, string(text[:n]))
	if n < len(text) {
		p.add("...+" + strconv.Itoa(len(text)-n) + " more")
	}
}

// behind returns memory that a link leads to, or that is at addr if there is no link.
func (p *printer) behind(l *link, addr uint64, size int64) (b []byte, in *block) {
	if l != nil && l.to != nil && l.to.addr == addr {
		return l.to.old, l.to
	}
	if size <= 0 || size > p.o.opt.MaxBytes {
		return nil, nil
	}
	b = make([]byte, size)
	if p.o.read(b, addr) != nil {
		return nil, nil
	}
	return b, nil
}

func (p *printer) header(t godwarf.Type, b []byte, l *link) {
	h, err := parseHeader(t, b)
	if err != nil || l != nil && l.err != nil {
		p.add("<unreadable>")
		return
	}
	slice, isSlice := value.Underlying(t).(*godwarf.SliceType)
	if !isSlice {
		n := h.len
		if !p.full {
			n = min(n, maxString)
		}
		text, _ := p.behind(l, h.ptr, n)
		if int64(len(text)) < n {
			p.add("<unreadable>")
			return
		}
		p.quote(text[:n])
		if n < h.len {
			p.add("...+" + strconv.FormatInt(h.len-n, 10) + " more")
		}
		return
	}
	n, stride := h.len, value.Size(slice.ElemType)
	if !p.full {
		n = min(n, maxElements)
	}
	elems, in := p.behind(l, h.ptr, n*max(stride, 0))
	if stride > 0 && int64(len(elems)) < n*stride {
		p.add("<unreadable>")
		return
	}
	p.list(slice.ElemType, h.len, elems, in, 0)
}

func (p *printer) iface(t godwarf.Type, b []byte, l *link) {
	desc, data, of, err := p.o.ifaceWords(t, b)
	if err == nil && desc == 0 {
		p.add("nil")
		return
	}
	var d *dynamic
	if err == nil {
		d, err = p.o.dynamicOf(desc, of)
	}
	if err != nil {
		p.add("<unreadable>")
		return
	}
	p.add(value.TypeName(d.typ) + " ")
	if !d.direct {
		text, in := p.behind(l, data, value.Size(d.typ))
		p.value(d.typ, text, in, 0)
		return
	}
	switch kindOf(d.typ) {
	case aMap:
		p.aMap(d.typ, data, l)
	case aChan:
		p.aChan(d.typ, data, l)
	default:
		var w [8]byte
		for i := range w {
			w[i] = byte(data >> (8 * i))
		}
		p.value(d.typ, w[:], nil, 0)
	}
}

func (p *printer) aMap(t godwarf.Type, word uint64, l *link) {
	if word == 0 || l == nil || l.to == nil || l.to.m == nil || p.deep > 8 {
		p.word(t, word)
		return
	}
	m := l.to.m
	p.add("map[")
	n := int64(0)
	m.each(func(b *block, i int64) {
		if n++; !p.full && n > maxEntries || p.tooLong() {
			return
		}
		if n > 1 {
			p.add(" ")
		}
		p.part(b, m.lay.keyAt(i), m.lay.key, m.lay.keyOut)
		p.add(":")
		p.part(b, m.lay.elemAt(i), m.lay.elem, m.lay.elemOut)
	})
	if !p.full {
		p.more(n - maxEntries)
	}
	p.add("]")
}

// part writes a key or an element of a map.
func (p *printer) part(b *block, off int64, t godwarf.Type, outside bool) {
	if !outside {
		p.value(t, b.old[off:], b, off)
		return
	}
	at, in := p.behind(b.linkAt(off), number(b.old[off:off+8]), value.Size(t))
	p.value(t, at, in, 0)
}

func (p *printer) aChan(t godwarf.Type, word uint64, l *link) {
	p.word(t, word)
	if l != nil && l.to != nil && l.to.c != nil {
		c := l.to.c
		s := c.state(l.to.old)
		p.add(" len " + strconv.FormatInt(s.count, 10) + " cap " + strconv.FormatInt(c.size, 10))
		if s.closed {
			p.add(" closed")
		}
	}
}

func (p *printer) word(t godwarf.Type, word uint64) {
	if word == 0 {
		p.add("nil")
		return
	}
	p.add("0x" + strconv.FormatUint(word, 16))
}

// keyText is the key in a slot of a map, in at most max bytes; 0 is without bound.
func (o *Object) keyText(b *block, i int64, max int) string {
	p := printer{o: o, max: max, full: max == 0}
	p.part(b, b.m.lay.keyAt(i), b.m.lay.key, b.m.lay.keyOut)
	return string(p.dst)
}

func (o *Object) elemText(b *block, i int64) string {
	p := printer{o: o, max: maxText}
	p.part(b, b.m.lay.elemAt(i), b.m.lay.elem, b.m.lay.elemOut)
	return string(p.dst)
}
