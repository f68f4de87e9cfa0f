package object

import (
	"bytes"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"

	"github.com/argusdbg/argus/internal/value"
)

// chanLayout is where things are in the channels of one type (runtime/chan.go, hchan).
type chanLayout struct {
	elem                      godwarf.Type
	size                      int64
	qcount, dataqsiz, buf     span
	closed, sendx, recvx, key span
	locked                    bool // key was found
}

type chanState struct {
	head *block
	lay  *chanLayout
	size int64  // of the buffer, in elements
	buf  *block // nil: there is none
}

// queue is what a channel's words say.
type queue struct {
	count, sendx, recvx int64
	closed, busy        bool
}

func (o *Object) chanLayoutOf(t *godwarf.ChanType) (*chanLayout, error) {
	if lay := o.chans[t]; lay != nil {
		return lay, nil
	}
	var f finder
	s := structOf(t.Type)
	lay := &chanLayout{elem: t.ElemType}
	lay.qcount, lay.dataqsiz, lay.buf = f.span(s, "qcount"), f.span(s, "dataqsiz"), f.span(s, "buf")
	lay.closed, lay.sendx, lay.recvx = f.span(s, "closed"), f.span(s, "sendx"), f.span(s, "recvx")
	if f.missing != "" {
		return nil, &LayoutError{"channels", f.missing, adviseNewer}
	}
	if lock := fieldOf(s, "lock"); lock != nil {
		if k := fieldOf(structOf(lock.Type), "key"); k != nil {
			lay.key, lay.locked = span{lock.ByteOffset + k.ByteOffset, value.Size(k.Type)}, true
		}
	}
	lay.size = s.ByteSize
	for _, part := range []span{lay.qcount, lay.dataqsiz, lay.buf, lay.closed, lay.sendx, lay.recvx, lay.key} {
		if !part.within(lay.size) {
			return nil, &LayoutError{"channels", "their fields do not lie within them", adviseNewer}
		}
	}
	o.chans[t] = lay
	return lay, nil
}

func (o *Object) chanAt(l *link, t godwarf.Type, addr uint64, path func() string) (*block, error) {
	ct, ok := value.Underlying(t).(*godwarf.ChanType)
	if !ok {
		return nil, nil
	}
	lay, err := o.chanLayoutOf(ct)
	if err != nil {
		return nil, err
	}
	// Not ct: a channel has other types for those who only send or receive.
	k := key{chanHead, addr, 1, lay.elem}
	if b := o.blocks[k]; b != nil {
		o.nearer(b, l.in.hops)
		return b, nil
	}
	b, err := o.newBlock(k, lay.size, []span{lay.qcount, lay.closed, lay.sendx, lay.recvx}, l.in.hops, "")
	if err != nil {
		return nil, named(err, path)
	}
	b.c = &chanState{head: b, lay: lay}
	return b, nil
}

// scanChan makes out a channel's buffer, which it keeps for ever.
func (o *Object) scanChan(head *block) error {
	c := head.c
	at := func(s span) uint64 { return number(head.old[s.off : s.off+s.size]) }
	c.size = int64(at(c.lay.dataqsiz))
	path := func() string { base, _ := o.base(head, 0); return base }
	switch {
	case c.size < 0:
		return &HeaderError{path(), "its buffer has a negative size"}
	case c.buf != nil:
		o.nearer(c.buf, head.hops)
		return nil
	case c.size == 0 || value.Size(c.lay.elem) == 0:
		return nil
	}
	b, err := o.newBlock(key{chanBuf, at(c.lay.buf), c.size, c.lay.elem}, value.Size(c.lay.elem), nil, head.hops, "")
	if err != nil {
		return named(err, path)
	}
	b.c, c.buf = c, b
	return nil
}

func (c *chanState) state(head []byte) queue {
	at := func(s span) int64 { return int64(number(head[s.off : s.off+s.size])) }
	lay := c.lay
	q := queue{count: at(lay.qcount), sendx: at(lay.sendx), recvx: at(lay.recvx), closed: at(lay.closed) != 0}
	if lay.locked {
		// In both kinds of lock of the runtime the last bit says that it is held; 2 alone
		// is that of a held one with others waiting (runtime/lock_futex.go before Go 1.24).
		key := at(lay.key)
		q.busy = key&1 != 0 || key == 2
	}
	if c.size > 0 && (q.recvx+q.count-q.sendx)%c.size != 0 {
		q.busy = true // between its parts
	}
	return q
}

// diffChan compares what was written of a channel.
func (o *Object) diffChan(u *Update, c *chanState, dirty []dirt, at []int) {
	w, ok := o.window(c.head, 0, c.head.size())
	if !ok {
		return
	}
	was, now := c.state(c.head.old), c.state(w)
	if now.busy {
		for _, i := range at {
			d := dirty[i]
			o.late = append(o.late, Range{Addr: d.b.addr + uint64(d.lo), Size: d.hi - d.lo})
		}
		return
	}
	copy(c.head.old, w)
	path, _ := o.base(c.head, 0)
	var sent, received int64
	if n := c.size; n > 0 {
		sent, received = mod(now.sendx-was.sendx, n), mod(now.recvx-was.recvx, n)
		switch d := now.count - was.count; { // the indices have gone round once
		case sent-received < d:
			sent += n
		case sent-received > d:
			received += n
		case n == 1 && now.count == 1 && o.bufferDiffers(c):
			sent, received = 1, 1
		}
	}
	count := was.count
	receive := func(k int64) {
		for i := range k {
			count--
			if u.full() {
				u.More++
				continue
			}
			x := mod(was.recvx+i, c.size)
			u.report(Change{Kind: Received, Path: path, Old: o.bufferText(c, x), OldLen: count + 1, NewLen: count})
		}
	}
	// What was there is received first: a sender that waits puts its value where one was
	// just taken out. More than was there can only have been sent before.
	early := min(received, was.count)
	receive(early)
	o.takeIn(c, was.recvx, received)
	o.takeIn(c, was.sendx, sent)
	for i := range sent {
		count++
		if u.full() {
			u.More++
			continue
		}
		u.report(Change{Kind: Sent, Path: path, New: o.bufferText(c, mod(was.sendx+i, c.size)), OldLen: count - 1, NewLen: count})
	}
	for i := early; i < received; i++ {
		count--
		u.report(Change{Kind: Received, Path: path, Old: "a value", OldLen: count + 1, NewLen: count})
	}
	if now.closed && !was.closed {
		u.report(Change{Kind: Closed, Path: path})
	}
}

func mod(a, n int64) int64 { return ((a % n) + n) % n }

func (o *Object) bufferText(c *chanState, x int64) string {
	switch {
	case value.Size(c.lay.elem) == 0:
		return value.Format(c.lay.elem, nil, o.env)
	case c.buf == nil: // too large to be watched
		return unreadable
	}
	return o.text(c.buf, x*c.buf.stride, c.buf.typ)
}

func (o *Object) bufferDiffers(c *chanState) bool {
	if c.buf == nil {
		return false
	}
	w, ok := o.window(c.buf, 0, c.buf.size())
	return ok && !bytes.Equal(w, c.buf.old)
}

// takeIn makes n places of the buffer from first on be known as they are now.
func (o *Object) takeIn(c *chanState, first, n int64) {
	b := c.buf
	if b == nil {
		return
	}
	for i := range min(n, c.size) {
		lo := mod(first+i, c.size) * b.stride
		w, ok := o.window(b, lo, lo+b.stride)
		if !ok {
			return
		}
		copy(b.old[lo:], w)
		from, to := b.linksIn(lo, lo+b.stride)
		for _, l := range b.links[from:to] {
			o.retarget(l)
		}
	}
}
