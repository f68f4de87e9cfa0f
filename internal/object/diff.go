package object

import (
	"bytes"
	"errors"
	"slices"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"

	"github.com/argusdbg/argus/internal/value"
)

// longestLeaf is the longest part that is compared as one: the three words of a slice.
const longestLeaf = 24

// dirt is a part of a block that was written.
type dirt struct {
	b      *block
	lo, hi int64
}

// Changed compares what was written with what was there before, and makes out anew what
// the written parts lead to. It costs what the ranges and the changes cost, not what the
// object does. Ranges outside the object do no harm. Without ranges it looks again at
// what was busy.
//
// It must not be called in the middle of an assignment: see [Coalescer].
func (o *Object) Changed(written ...Range) Update {
	var u Update
	o.raw, o.full = nil, nil
	late := o.late
	o.late = nil
	dirty := o.dirty(append(late, written...))
	for i, d := range dirty {
		d.hi = min(d.hi, d.b.size()) // its slice may have been found to be shorter
		if d.b.dead || d.lo >= d.hi {
			continue
		}
		switch {
		case d.b.m != nil:
			if same := partsOf(dirty, func(b *block) bool { return b.m == d.b.m }); same[0] == i {
				o.diffMap(&u, d.b.m, dirty, same)
			}
		case d.b.c != nil:
			if same := partsOf(dirty, func(b *block) bool { return b.c == d.b.c }); same[0] == i {
				o.diffChan(&u, d.b.c, dirty, same)
			}
		case d.b.role == someText:
			o.diffText(&u, d)
		default:
			o.diffValues(&u, d)
		}
	}
	_ = o.settle(false)
	o.sweep()
	u.Add, u.Remove = o.net()
	u.Busy = len(o.late) > 0
	u.Err = errors.Join(o.errs...)
	o.errs = nil
	return u
}

// dirty finds the parts of blocks that ranges touch, by block, each part once.
func (o *Object) dirty(ranges []Range) []dirt {
	var all []dirt
	var found []*block
	for _, r := range ranges {
		if r.Size <= 0 {
			continue
		}
		found = o.index.overlapping(found[:0], r.Addr, r.Size)
		for _, b := range found {
			lo := max(0, int64(r.Addr-b.addr))
			hi := min(b.size(), int64(r.Addr-b.addr)+r.Size)
			all = append(all, dirt{b, lo, hi})
		}
	}
	slices.SortFunc(all, func(a, b dirt) int {
		if a.b != b.b {
			return a.b.seq - b.b.seq
		}
		return int(a.lo - b.lo)
	})
	merged := all[:0]
	for _, d := range all {
		if n := len(merged); n > 0 && merged[n-1].b == d.b && d.lo <= merged[n-1].hi {
			merged[n-1].hi = max(merged[n-1].hi, d.hi)
			continue
		}
		merged = append(merged, d)
	}
	return merged
}

// partsOf returns where the dirt of one map or channel is.
func partsOf(dirty []dirt, of func(*block) bool) []int {
	var at []int
	for i, d := range dirty {
		if of(d.b) {
			at = append(at, i)
		}
	}
	return at
}

// window reads the bytes of a block from lo to hi as they are now. They are good until
// it is called again.
func (o *Object) window(b *block, lo, hi int64) ([]byte, bool) {
	if n := int(hi - lo); cap(o.scratch) < n {
		o.scratch = make([]byte, n)
	}
	w := o.scratch[:hi-lo]
	if err := o.read(w, b.addr+uint64(lo)); err != nil {
		o.fail(&ReadError{o.pathIn(b, lo), b.addr + uint64(lo), hi - lo, err})
		return nil, false
	}
	return w, true
}

// diffValues compares values.
func (o *Object) diffValues(u *Update, d dirt) {
	b := d.b
	lo, hi := max(0, d.lo-longestLeaf), min(b.size(), d.hi+longestLeaf)
	w, ok := o.window(b, lo, hi)
	if !ok {
		return
	}
	for i := d.lo / b.stride; i < b.n && i*b.stride < d.hi; i++ {
		path := func(in []byte) string {
			base, indexed := o.base(b, 0)
			if indexed {
				base = string(appendIndex([]byte(base), i))
			}
			return base + string(in)
		}
		wk := walker{lo: d.lo, hi: d.hi}
		wk.visit = func(t godwarf.Type, off int64, in []byte) bool {
			n := value.Size(t)
			if off >= lo && off+n <= hi {
				o.diffLeaf(u, b, t, off, w[off-lo:off-lo+n], func() string { return path(in) })
			}
			return !b.dead && off+n <= b.size()
		}
		if !wk.walk(b.typ, i*b.stride, 0) {
			return
		}
	}
}

// diffLeaf compares a part that is not made of others with its bytes now.
func (o *Object) diffLeaf(u *Update, b *block, t godwarf.Type, off int64, now []byte, path func() string) {
	old := b.old[off : off+int64(len(now))]
	l := b.linkAt(off)
	if bytes.Equal(old, now) && (l == nil || l.err != errFreed || o.unwritten) {
		return
	}
	if l != nil {
		if l.kind == aSlice {
			o.diffSlice(u, l, now, path)
		} else {
			o.diffLink(u, l, now, path)
		}
		return
	}
	c := Change{Kind: Set}
	if !u.full() {
		c.Path, c.Old, c.New = path(), value.Format(t, old, o.env), value.Format(t, now, o.env)
	}
	copy(old, now)
	u.report(c)
}

const unreadable = "<unreadable>"

// diffLink takes in the new words of a string, interface, map, channel or pointer.
func (o *Object) diffLink(u *Update, l *link, now []byte, path func() string) {
	was := o.linkText(l)
	var before []byte
	if l.to != nil {
		before = l.to.old
	}
	copy(l.header(), now)
	o.retarget(l)
	c := Change{Kind: Set, Path: path(), Old: was, New: o.linkText(l)}
	if c.Old == c.New && l.to != nil && bytes.Equal(before, l.to.old) {
		c.Kind = Moved
	}
	u.report(c)
}

func (o *Object) linkText(l *link) string {
	switch l.err {
	case nil:
	case errFreed:
		return freedText
	default:
		return unreadable
	}
	if l.kind == anOutside {
		if l.to == nil {
			return "nil"
		}
		return o.text(l.to, 0, l.to.typ)
	}
	return o.text(l.in, l.off, l.typ)
}

// retarget lets a link lead where its words say now.
func (o *Object) retarget(l *link) {
	gone := l.to
	o.fail(o.follow(l))
	_ = o.settle(false)
	switch {
	case gone == nil:
	case l.to == gone:
		gone.refs--
	default:
		gone.lose(l)
		o.lost(gone)
	}
}

// diffText compares the bytes of a string, which only unsafe code writes.
func (o *Object) diffText(u *Update, d dirt) {
	now, ok := o.window(d.b, 0, d.b.size())
	if !ok || bytes.Equal(now, d.b.old) {
		return
	}
	now = bytes.Clone(now)
	base, _ := o.base(d.b, 0)
	p := printer{o: o, max: maxText}
	p.quote(d.b.old)
	c := Change{Kind: Set, Path: base, Old: string(p.dst)}
	copy(d.b.old, now)
	p.dst = nil
	p.quote(now)
	c.New = string(p.dst)
	u.report(c)
}
