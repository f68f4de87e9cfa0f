package object

import (
	"fmt"
	"slices"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"

	"github.com/argusdbg/argus/internal/value"
)

// block returns the block of a key. A new one is read, watched, and queued for its links
// to be followed. The path is for errors alone; it is asked for when there is one.
func (o *Object) block(k key, hops int, path string) (*block, error) {
	if b := o.blocks[k]; b != nil {
		o.nearer(b, hops)
		return b, nil
	}
	stride := int64(1)
	if k.typ != nil {
		stride = value.Size(k.typ)
	}
	return o.newBlock(k, stride, nil, hops, path)
}

// nearer is for a block that was reached by fewer pointers than before: some that were
// too far to be followed from there may not be any more.
func (o *Object) nearer(b *block, hops int) {
	if hops < b.hops {
		b.hops = hops
		o.stale = true // it gets the shorter name
		o.queue = append(o.queue, b)
	}
}

func (o *Object) newBlock(k key, stride int64, spans []span, hops int, path string) (*block, error) {
	if stride <= 0 || k.n <= 0 {
		return nil, &HeaderError{path, "it takes no memory"}
	}
	if len(o.armed) >= o.opt.MaxRanges {
		return nil, &LimitError{path, "ranges", int64(len(o.armed)) + 1, int64(o.opt.MaxRanges)}
	}
	if k.n > o.opt.MaxBytes/stride || o.bytes+k.n*stride > o.opt.MaxBytes {
		need := o.bytes + o.opt.MaxBytes + 1
		if k.n <= 1<<40/stride {
			need = o.bytes + k.n*stride
		}
		return nil, &LimitError{path, "bytes", need, o.opt.MaxBytes}
	}
	o.seq++
	b := &block{key: k, stride: stride, old: make([]byte, k.n*stride), spans: spans, hops: hops, seq: o.seq, slot: -1}
	if err := o.read(b.old, b.addr); err != nil {
		return nil, &ReadError{path, b.addr, b.size(), err}
	}
	o.bytes += b.size()
	o.blocks[k] = b
	o.index.add(b)
	o.arm(b)
	o.queue = append(o.queue, b)
	return b, nil
}

func (o *Object) read(buf []byte, addr uint64) error {
	n, err := o.env.ReadMemory(buf, addr)
	if err == nil && n != len(buf) {
		err = fmt.Errorf("only %d of %d bytes are there", n, len(buf))
	}
	return err
}

func (o *Object) eachRange(b *block, do func(Range)) {
	if b.spans == nil {
		do(Range{b.addr, b.size(), b.role == someText})
		return
	}
	for _, s := range b.spans {
		if s.size > 0 {
			do(Range{Addr: b.addr + uint64(s.off), Size: s.size})
		}
	}
}

func (o *Object) arm(b *block)    { o.eachRange(b, func(r Range) { o.count(r, 1) }) }
func (o *Object) disarm(b *block) { o.eachRange(b, func(r Range) { o.count(r, -1) }) }

func (o *Object) count(r Range, by int) {
	now := o.armed[r]
	if _, known := o.touched[r]; !known {
		o.touched[r] = now
	}
	if now += by; now == 0 {
		delete(o.armed, r)
	} else {
		o.armed[r] = now
	}
}

// settle follows the links of all blocks that are queued. If first is set it ends with
// the first error; otherwise errors are kept for the caller of [Object.Changed].
func (o *Object) settle(first bool) error {
	for len(o.queue) > 0 {
		b := o.queue[0]
		o.queue = o.queue[1:]
		if b.dead {
			continue
		}
		o.fail(o.scan(b))
		if first && len(o.errs) > 0 {
			return o.errs[0]
		}
	}
	o.queue = nil
	return nil
}

// given reports whether an object is given up because of its size. One that is watched
// already is not: what is too much of it is left out, and its links stay.
func (o *Object) given() bool { return o.full != nil && !o.begun }

// maxErrors is how many errors one call keeps: one is enough to know where it began.
const maxErrors = 8

func (o *Object) fail(err error) {
	if err != nil && len(o.errs) < maxErrors && !slices.Contains(o.errs, err) {
		o.errs = append(o.errs, err)
	}
}

// scan makes and follows the links of a block.
func (o *Object) scan(b *block) error {
	switch b.role {
	case someValues, chanBuf:
		o.scanValues(b, 0, b.n)
	case mapHead:
		return o.scanMap(b.m)
	case mapGroups:
		o.scanGroups(b)
	case chanHead:
		return o.scanChan(b)
	}
	return nil
}

// scanValues makes and follows the links of the elements from first to before last.
// Those that are there are left as they are.
func (o *Object) scanValues(b *block, first, last int64) {
	ls := o.leaves(b.typ)
	if len(ls) == 0 {
		return
	}
	for i := first; i < last && !o.given(); i++ {
		o.scanLeaves(b, ls, i*b.stride)
	}
}

func (o *Object) scanLeaves(b *block, ls []leaf, at int64) {
	for _, f := range ls {
		if o.given() {
			return
		}
		if f.kind == aPointer && o.opt.Follow >= 0 && b.hops >= o.opt.Follow {
			continue
		}
		off := at + f.off
		if !(span{off, value.Size(f.typ)}).within(b.size()) {
			continue // damaged debug information
		}
		i, j := b.linksIn(off, off+1)
		if i < j {
			if l := b.links[i]; l.to != nil {
				o.nearer(l.to, b.hops+l.distance())
			} else if l.err == nil { // a pointer in an interface, which was too far away
				o.fail(o.follow(l))
			}
			continue
		}
		l := &link{in: b, off: off, typ: f.typ, kind: f.kind}
		b.links = slices.Insert(b.links, i, l)
		o.fail(o.follow(l))
	}
}

// distance is how many pointers a link goes through, as Options.Follow counts them.
func (l *link) distance() int {
	t := l.typ
	if l.dyn != nil {
		if !l.dyn.direct {
			return 0
		}
		t = l.dyn.typ
	}
	if l.kind != anOutside && kindOf(t) == aPointer {
		return 1
	}
	return 0
}

// follow finds out where a link leads, from its words as they are in its block.
func (o *Object) follow(l *link) error {
	l.to, l.dyn, l.err = nil, nil, nil
	if o.full != nil { // there will be no room for this one either
		l.err = o.full
		return o.full
	}
	b, err := o.target(l)
	if err != nil {
		l.err = err
		if limit, ok := err.(*LimitError); ok {
			o.full = limit
		}
		return err
	}
	if b != nil {
		l.to = b
		b.gain(l)
	}
	return nil
}

func (o *Object) target(l *link) (*block, error) {
	path := func() string { return o.linkPath(l) }
	switch l.kind {
	case aString, aSlice:
		h, err := parseHeader(l.typ, l.header())
		if err != nil || h.len == 0 {
			return nil, named(err, path)
		}
		if l.kind == aString {
			if h.len > o.opt.MaxBytes {
				return nil, &LimitError{path(), "bytes", h.len, o.opt.MaxBytes}
			}
			return o.reach(key{someText, h.ptr, h.len, nil}, l.in.hops, path)
		}
		elem := value.Underlying(l.typ).(*godwarf.SliceType).ElemType
		if value.Size(elem) == 0 {
			return nil, nil
		}
		return o.reach(key{someValues, h.ptr, h.len, elem}, l.in.hops, path)
	case anIface:
		return o.targetOfIface(l, path)
	}
	return o.targetOfWord(l, l.typ, number(l.header()), l.kind, path)
}

// targetOfWord is where a word of type t leads.
func (o *Object) targetOfWord(l *link, t godwarf.Type, word uint64, kind linkKind, path func() string) (*block, error) {
	hops := l.in.hops
	if word == 0 {
		return nil, nil
	}
	switch kind {
	case aMap:
		return o.mapAt(l, t, word, path)
	case aChan:
		return o.chanAt(l, t, word, path)
	case aPointer, anOutside:
		p, ok := value.Underlying(t).(*godwarf.PtrType)
		if !ok {
			return nil, nil
		}
		if kind == aPointer {
			if o.opt.Follow >= 0 && hops >= o.opt.Follow {
				return nil, nil
			}
			hops++
		}
		return o.reach(key{someValues, word, 1, p.Type}, hops, path)
	}
	return nil, nil
}

// reach is block, for a path that is worth something only in an error.
func (o *Object) reach(k key, hops int, path func() string) (*block, error) {
	if b := o.blocks[k]; b != nil {
		return o.block(k, hops, "")
	}
	b, err := o.block(k, hops, "")
	return b, named(err, path)
}

// named puts a path into an error that has none.
func named(err error, path func() string) error {
	switch e := err.(type) {
	case *LimitError:
		if e.Path == "" {
			e.Path = path()
		}
	case *ReadError:
		if e.Path == "" {
			e.Path = path()
		}
	case *HeaderError:
		if e.Path == "" {
			e.Path = path()
		}
	}
	return err
}
