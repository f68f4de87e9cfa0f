package object

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"

	"github.com/argusdbg/argus/internal/value"
)

// maxItems is how many of the elements that were appended are shown.
const maxItems = 4

// diffSlice takes in the new words of a slice, and says what was done to it. The array
// is read again only where it is new: an append in place costs what it appends.
func (o *Object) diffSlice(u *Update, l *link, words []byte, path func() string) {
	was, errWas := parseHeader(l.typ, l.header())
	now, err := parseHeader(l.typ, words)
	elem := value.Underlying(l.typ).(*godwarf.SliceType).ElemType
	stride := value.Size(elem)
	gone := l.to
	c := Change{Kind: Set, Path: path(), OldLen: was.len, NewLen: now.len}
	there := err == nil && errWas == nil && l.err == nil
	if there && was.ptr == now.ptr && gone != nil && gone.key == (key{someValues, was.ptr, was.len, elem}) && o.resizable(gone, now.len) {
		copy(l.header(), words)
		if err := o.resize(gone, now.len); err != nil {
			l.err = named(err, path)
			o.fail(l.err)
			o.unlink(l)
			c.Kind, c.Old, c.New = Set, fmt.Sprintf("len %d", was.len), unreadable
			u.report(c)
			return
		}
	} else {
		c.Old = o.linkText(l)
		copy(l.header(), words)
		o.retarget(l)
	}
	_ = o.settle(false)
	kept := min(was.len, now.len) * max(stride, 0)
	switch {
	case !there || l.err != nil:
		c.New = o.linkText(l)
	case was.ptr == now.ptr && was.len == now.len: // the capacity alone
		c.Kind, c.Old, c.New = Reslice, "", fmt.Sprintf("cap %d", now.cap)
	case was.ptr == now.ptr && now.len > was.len, // also the first append to what make() made
		was.ptr != now.ptr && was.len > 0 && now.len > was.len && o.sameBytes(gone, l.to, kept):
		c.Kind, c.Old, c.Elsewhere = Append, "", was.ptr != now.ptr
		c.New = o.items(l, elem, was.len, now.len)
	case was.ptr == now.ptr:
		c.Kind, c.Old = Shorten, ""
	case was.len == now.len && was.len > 0 && o.sameBytes(gone, l.to, kept):
		c.Kind, c.New = Moved, o.linkText(l)
	case stride > 0 && was.ptr < now.ptr && now.ptr+uint64(now.len*stride) <= was.ptr+uint64(was.cap*stride) && (now.ptr-was.ptr)%uint64(stride) == 0:
		first := int64(now.ptr-was.ptr) / stride
		c.Kind, c.Old, c.New = Reslice, "", fmt.Sprintf("[%d:%d] of what it was", first, first+now.len)
	default:
		c.New = o.linkText(l)
	}
	if c.Kind == Set {
		c.OldLen, c.NewLen = 0, 0
	}
	u.report(c)
}

// sameBytes reports whether two arrays begin with the same n bytes.
func (o *Object) sameBytes(a, b *block, n int64) bool {
	if n == 0 {
		return true
	}
	return a != nil && b != nil && a.size() >= n && b.size() >= n && bytes.Equal(a.old[:n], b.old[:n])
}

// items lists the elements of a slice from first to before last.
func (o *Object) items(l *link, elem godwarf.Type, first, last int64) string {
	if l.to == nil {
		return ""
	}
	var s strings.Builder
	for i := first; i < last; i++ {
		if i > first {
			s.WriteString(", ")
		}
		if i-first == maxItems {
			fmt.Fprintf(&s, "...+%d more", last-i)
			break
		}
		fmt.Fprintf(&s, "[%d] = %s", i, o.text(l.to, i*l.to.stride, elem))
	}
	return s.String()
}

// resizable reports whether an array that a slice leads to can get another length where
// it is: nothing else leads to it, and n elements of it are not known already.
func (o *Object) resizable(b *block, n int64) bool {
	k := b.key
	k.n = n
	return b.refs == 1 && n > 0 && n != b.n && o.blocks[k] == nil
}

// resize gives an array another length. If it cannot be read it is left as it was.
func (o *Object) resize(b *block, n int64) error {
	var more []byte
	if n > b.n {
		add := n - b.n
		if add > o.opt.MaxBytes/b.stride || o.bytes+add*b.stride > o.opt.MaxBytes {
			return &LimitError{"", "bytes", o.bytes + min(add, 1<<40/b.stride)*b.stride, o.opt.MaxBytes}
		}
		more = make([]byte, add*b.stride)
		if err := o.read(more, b.addr+uint64(b.size())); err != nil {
			return &ReadError{"", b.addr + uint64(b.size()), int64(len(more)), err}
		}
	}
	was := b.n
	o.index.remove(b)
	o.disarm(b)
	delete(o.blocks, b.key)
	o.bytes -= b.size()
	if n < was {
		i, _ := b.linksIn(n*b.stride, 0)
		ends := b.links[i:]
		b.links = b.links[:i:i]
		for _, l := range ends {
			o.unlink(l)
		}
		b.old = b.old[:n*b.stride]
	} else {
		b.old = append(b.old, more...)
	}
	b.n = n
	o.bytes += b.size()
	o.blocks[b.key] = b
	o.index.add(b)
	o.arm(b)
	if n > was {
		o.scanValues(b, was, n)
	}
	return nil
}
