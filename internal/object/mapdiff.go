package object

import (
	"bytes"
	"slices"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"

	"github.com/argusdbg/argus/internal/value"
)

// diffMap compares what was written of a map: the dirty blocks at the given places.
func (o *Object) diffMap(u *Update, m *mapState, dirty []dirt, at []int) {
	head, ok := o.window(m.head, 0, m.head.size())
	if !ok {
		return
	}
	w := m.lay.writing
	if number(head[w.off:w.off+w.size]) != 0 {
		for _, i := range at {
			d := dirty[i]
			o.late = append(o.late, Range{Addr: d.b.addr + uint64(d.lo), Size: d.hi - d.lo})
		}
		o.waitFor(m, true)
		return
	}
	o.waitFor(m, false)
	if m.blank {
		m.blank = false
		copy(m.head.old, head)
		o.rescan(m)
		return
	}
	used := int64(m.word(m.lay.used))
	elsewhere := m.word(m.lay.dirPtr) != number(head[m.lay.dirPtr.off:][:m.lay.dirPtr.size]) ||
		m.word(m.lay.dirLen) != number(head[m.lay.dirLen.off:][:m.lay.dirLen.size])
	copy(m.head.old, head)
	now := int64(m.word(m.lay.used))
	if m.entry == nil && now == 0 && used > 1 {
		o.clearMap(u, m, used)
		return
	}
	for _, i := range at {
		if d := dirty[i]; d.b.role == mapDir && !d.b.dead && o.rereadDir(d.b) {
			elsewhere = true
		}
	}
	// Even if the count is what it was: an entry may have come and another gone.
	missing := m.entry != nil && !m.found() && slices.ContainsFunc(at, func(i int) bool { return dirty[i].b == m.head })
	before := o.seq // blocks that come later are as they are now
	var ch churn
	var gone []*block
	if elsewhere || missing {
		gone = o.rehashed(u, m, &ch)
	}
	for _, i := range at {
		if d := dirty[i]; d.b.role == mapGroups && !d.b.dead && d.b.seq <= before && !slices.Contains(gone, d.b) {
			o.diffSlots(u, &ch, d)
		}
	}
	if m.entry != nil && len(ch.gone) > 0 && m.found() { // the slot is not the entry's any more; another may be
		gone = append(gone, o.rehashed(u, m, &ch)...)
	}
	ch.tell(o, u, m)
	for _, b := range gone {
		o.drop(b)
	}
}

// rereadDir takes in a directory and reports whether it has changed.
func (o *Object) rereadDir(b *block) bool {
	now, ok := o.window(b, 0, b.size())
	if !ok || bytes.Equal(now, b.old) {
		return false
	}
	copy(b.old, now)
	return true
}

func (o *Object) mapPath(m *mapState) string {
	base, _ := o.base(m.head, 0)
	return base
}

// rescan makes out a map's parts anew, and drops those it has no more.
func (o *Object) rescan(m *mapState) {
	had := m.parts
	o.fail(o.scanMap(m))
	_ = o.settle(false)
	for _, b := range had {
		if !slices.Contains(m.parts, b) {
			o.drop(b)
		}
	}
}

func (o *Object) clearMap(u *Update, m *mapState, used int64) {
	for _, b := range m.parts {
		o.drop(b)
	}
	m.parts = nil
	o.rescan(m)
	u.report(Change{Kind: Cleared, Path: o.mapPath(m), OldLen: used})
}

// rehashed looks for the entries of a map that has put them elsewhere.
func (o *Object) rehashed(u *Update, m *mapState, ch *churn) (gone []*block) {
	had, room := slices.Clone(m.parts), m.room
	if err := o.scanMap(m); err != nil {
		o.fail(err)
		return nil
	}
	_ = o.settle(false)
	for _, b := range had {
		if !slices.Contains(m.parts, b) {
			gone = append(gone, b)
		}
	}
	if m.entry == nil && m.room > room {
		u.report(Change{Kind: Grew, Path: o.mapPath(m), OldLen: room, NewLen: m.room})
	}
	eachOf(gone, func(b *block, i int64) { ch.leaves(o, b, i) })
	for _, b := range m.parts {
		if !slices.Contains(had, b) {
			eachOf([]*block{b}, ch.comes)
		}
	}
	return gone
}

// churn is what came into slots of a map and went out of them: what did both has moved.
type churn struct {
	gone []gone
	come []slotOf
}

// gone is an entry that is not in its slot any more.
type gone struct {
	id, path string
	elem     []byte
	text     func() string
}

type slotOf struct {
	b *block
	i int64
}

// leaves takes in an entry that goes; its block stays until the churn is told.
func (ch *churn) leaves(o *Object, b *block, i int64) {
	at := b.m.lay.elemAt(i)
	ch.gone = append(ch.gone, gone{id: o.identity(b, i), elem: b.old[at : at+b.m.lay.elemSize],
		path: o.keyText(b, i, maxText), text: func() string { return o.elemText(b, i) }})
}

func (ch *churn) comes(b *block, i int64) { ch.come = append(ch.come, slotOf{b, i}) }

// tell reports what the churn comes to.
func (ch *churn) tell(o *Object, u *Update, m *mapState) {
	if len(ch.gone) == 0 && len(ch.come) == 0 {
		return
	}
	path := o.mapPath(m)
	old := map[string][]int{} // a key may be there more than once: NaN
	for i, g := range ch.gone {
		old[g.id] = append(old[g.id], i)
	}
	moved := make([]int, len(ch.come)) // which of gone it was before; -1: none
	stayed := make([]bool, len(ch.gone))
	for i, s := range ch.come {
		moved[i] = -1
		id := o.identity(s.b, s.i)
		if was := old[id]; len(was) > 0 {
			moved[i], stayed[was[0]], old[id] = was[0], true, was[1:]
		}
	}
	report := func(kind Kind, key func() string, was, is func() string) {
		c := Change{Kind: kind}
		if !u.full() {
			c.Path = path + "[" + key() + "]"
			if was != nil {
				c.Old = was()
			}
			if is != nil {
				c.New = is()
			}
			if kind == Set && c.Old == c.New {
				c.Kind = Moved
			}
		}
		u.report(c)
	}
	text := func(f func() string) func() string {
		if m.lay.elemSize == 0 {
			return nil
		}
		return f
	}
	for i, g := range ch.gone {
		if !stayed[i] {
			report(Deleted, func() string { return g.path }, text(g.text), nil)
		}
	}
	for i, s := range ch.come {
		key := func() string { return o.keyText(s.b, s.i, maxText) }
		is := func() string { return o.elemText(s.b, s.i) }
		if moved[i] < 0 {
			report(Added, key, nil, text(is))
			continue
		}
		at := m.lay.elemAt(s.i)
		if g := ch.gone[moved[i]]; !bytes.Equal(g.elem, s.b.old[at:at+m.lay.elemSize]) {
			report(Set, key, g.text, is)
		}
	}
}

// identity is what tells the keys of a map apart: their bytes, or what these mean where
// they lead elsewhere.
func (o *Object) identity(b *block, i int64) string {
	lay := b.m.lay
	if !lay.keyOut && len(o.leaves(lay.key)) == 0 {
		at := lay.keyAt(i)
		return string(b.old[at : at+lay.keySize])
	}
	return o.keyText(b, i, 0)
}

// diffSlots compares the slots of groups that were written.
func (o *Object) diffSlots(u *Update, ch *churn, d dirt) {
	b, lay := d.b, d.b.m.lay
	first, last := d.lo/lay.groupSize, (d.hi-1)/lay.groupSize+1
	w, ok := o.window(b, first*lay.groupSize, last*lay.groupSize)
	if !ok {
		return
	}
	now := make([]byte, last*lay.groupSize) // as if it began where the block does
	copy(now[first*lay.groupSize:], w)
	for i := first * lay.slots; i < last*lay.slots; i++ {
		if b.dead {
			return
		}
		written := func(off, size int64) bool { return off < d.hi && off+size > d.lo }
		key, elem, ctrl := lay.keyAt(i), lay.elemAt(i), lay.ctrlAt(i)
		if b.slot >= 0 && b.slot != i || !written(key, lay.keySize) && !written(elem, lay.elemSize) && !written(ctrl, 1) {
			continue
		}
		was, is := lay.liveIn(b.old, i), lay.liveIn(now, i)
		if was && is && o.sameKey(b, i, now) {
			o.diffElem(u, b, i, now)
			continue
		}
		if was {
			ch.leaves(o, b, i)
			g := &ch.gone[len(ch.gone)-1]
			text := g.text() // its place is used again
			g.elem, g.text = bytes.Clone(g.elem), func() string { return text }
		}
		if b.slot >= 0 { // whatever is there now is another entry
			b.old[ctrl] = free
			return
		}
		o.unlinkIn(b, key, key+lay.keySize)
		o.unlinkIn(b, elem, elem+lay.elemSize)
		copy(b.old[key:key+lay.keySize], now[key:])
		copy(b.old[elem:elem+lay.elemSize], now[elem:])
		b.old[ctrl] = now[ctrl]
		if is {
			o.scanSlot(b, i)
			_ = o.settle(false)
			ch.comes(b, i)
		}
	}
}

// sameKey reports whether a slot still holds the same key, and takes in its bytes then:
// equal keys can differ in bytes.
func (o *Object) sameKey(b *block, i int64, now []byte) bool {
	lay := b.m.lay
	at := lay.keyAt(i)
	old, fresh := b.old[at:at+lay.keySize], now[at:at+lay.keySize]
	if bytes.Equal(old, fresh) {
		return true
	}
	p := printer{o: o, full: true}
	if lay.keyOut {
		text, _ := p.behind(nil, number(fresh), value.Size(lay.key))
		p.value(lay.key, text, nil, 0)
	} else {
		p.value(lay.key, fresh, nil, 0)
	}
	if string(p.dst) != o.keyText(b, i, 0) {
		return false
	}
	copy(old, fresh)
	from, to := b.linksIn(at, at+lay.keySize)
	for _, l := range slices.Clone(b.links[from:to]) {
		o.retarget(l)
	}
	return true
}

// diffElem compares the element of an entry that stays where it is.
func (o *Object) diffElem(u *Update, b *block, i int64, now []byte) {
	lay := b.m.lay
	at := lay.elemAt(i)
	path := func(in []byte) string {
		return o.mapPath(b.m) + "[" + o.keyText(b, i, maxText) + "]" + string(in)
	}
	if lay.elemOut {
		o.diffLeaf(u, b, lay.addressOf(lay.elem), at, now[at:at+lay.elemSize], func() string { return path(nil) })
		return
	}
	w := walker{lo: at, hi: at + lay.elemSize}
	w.visit = func(t godwarf.Type, off int64, in []byte) bool {
		o.diffLeaf(u, b, t, off, now[off:off+value.Size(t)], func() string { return path(in) })
		return !b.dead
	}
	w.walk(lay.elem, at, 0)
}
