package object

import (
	"slices"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"

	"github.com/argusdbg/argus/internal/value"
)

// mapState is what is known of a map beside its blocks.
type mapState struct {
	head  *block
	lay   *mapLayout
	parts []*block // the directory, and arrays of groups
	room  int64    // slots in all groups
	entry *string  // the key of the only entry that is watched, as text; nil: all are
	busy  bool     // an operation was under way when it was last looked at
	blank bool     // and nothing is known of it yet
}

// mapAt returns the block of the map at an address.
func (o *Object) mapAt(l *link, t godwarf.Type, addr uint64, path func() string) (*block, error) {
	mt, ok := value.Underlying(t).(*godwarf.MapType)
	if !ok {
		return nil, nil
	}
	lay, err := o.mapLayoutOf(mt)
	if err != nil {
		return nil, err
	}
	// Not mt: types of different names may share a map.
	k := key{mapHead, addr, 1, lay.group}
	if b := o.blocks[k]; b != nil {
		o.nearer(b, l.in.hops)
		return b, nil
	}
	m := &mapState{lay: lay}
	if l.in == o.root {
		m.entry = o.entry
	}
	b, err := o.newBlock(k, lay.size, m.spans(), l.in.hops, "")
	if err != nil {
		return nil, named(err, path)
	}
	b.m, m.head = m, b
	return b, nil
}

// spans are the parts of a map that are watched. Whether it has got or lost an entry is
// seen by the control words; only where the one entry that is watched is not there is
// the count what tells of a new one.
func (m *mapState) spans() []span {
	s := []span{m.lay.dirPtr, m.lay.dirLen}
	if m.lay.dirPtr.off+m.lay.dirPtr.size == m.lay.dirLen.off {
		s = []span{{m.lay.dirPtr.off, m.lay.dirPtr.size + m.lay.dirLen.size}}
	}
	if m.entry != nil && !m.found() {
		s = append(s, m.lay.used)
	}
	if m.busy { // its end may be made where nothing is watched yet
		s = append(s, m.lay.writing)
	}
	return s
}

// waitFor has the end of an operation on a map seen, or nothing more of it.
func (o *Object) waitFor(m *mapState, busy bool) {
	if m.busy != busy {
		m.busy = busy
		o.respan(m)
	}
}

// respan watches the parts of a map's head that are to be watched now.
func (o *Object) respan(m *mapState) {
	if !m.head.dead {
		o.disarm(m.head)
		m.head.spans = m.spans()
		o.arm(m.head)
	}
}

func (m *mapState) word(s span) uint64 { return number(m.head.old[s.off : s.off+s.size]) }

// found reports whether the entry that is watched is in the map.
func (m *mapState) found() bool {
	return slices.ContainsFunc(m.parts, func(b *block) bool { return b.slot >= 0 })
}

// live reports whether a slot is in use.
func (m *mapState) live(b *block, i int64) bool {
	return m.lay.liveIn(b.old, i) && (b.slot < 0 || b.slot == i)
}

// each calls do for every entry.
func (m *mapState) each(do func(b *block, i int64)) { eachOf(m.parts, do) }

func eachOf(parts []*block, do func(b *block, i int64)) {
	for _, b := range parts {
		if b.role != mapGroups {
			continue
		}
		for i := range b.n * b.m.lay.slots {
			if b.m.live(b, i) {
				do(b, i)
			}
		}
	}
}

// groupsAt is an array of groups.
type groupsAt struct {
	addr uint64
	n    int64
}

// scanMap makes out a map's directory and groups, as its head says. Blocks that it had
// and still has stay; the others are its caller's to drop.
func (o *Object) scanMap(m *mapState) error {
	had := m.parts
	parts, room, err := o.mapParts(m)
	if _, busy := err.(*BusyError); busy && o.begun {
		m.blank, err = true, nil
		o.waitFor(m, true)
	}
	for _, b := range parts {
		b.m = m
		o.nearer(b, m.head.hops)
	}
	m.parts, m.room = parts, room
	if err != nil {
		for _, b := range append(slices.Clone(parts), had...) {
			o.drop(b)
		}
		m.parts, m.room = nil, 0
	}
	if m.entry != nil {
		o.respan(m)
	}
	return err
}

func (o *Object) mapParts(m *mapState) (parts []*block, room int64, err error) {
	path := func() string { base, _ := o.base(m.head, 0); return base }
	lay := m.lay
	if m.word(lay.writing) != 0 {
		return nil, 0, &BusyError{path()}
	}
	dir, n := m.word(lay.dirPtr), int64(m.word(lay.dirLen))
	var arrays []groupsAt
	switch {
	case n < 0:
		return nil, 0, &HeaderError{path(), "its directory has a negative length"}
	case n == 0 && dir != 0:
		arrays = []groupsAt{{dir, 1}}
	case n > 0:
		b := o.blocks[key{mapDir, dir, n, nil}]
		if b == nil {
			if b, err = o.newBlock(key{mapDir, dir, n, nil}, int64(lay.dirPtr.size), nil, m.head.hops, ""); err != nil {
				return nil, 0, named(err, path)
			}
		}
		parts = append(parts, b)
		if arrays, err = o.tables(lay, b.old, path); err != nil {
			return parts, 0, err
		}
	}
	for _, a := range arrays {
		room += a.n * lay.slots
		if m.entry != nil {
			continue
		}
		k := key{mapGroups, a.addr, a.n, lay.group}
		b := o.blocks[k]
		if b == nil {
			if b, err = o.newBlock(k, lay.groupSize, nil, m.head.hops, ""); err != nil {
				return parts, 0, named(err, path)
			}
		}
		parts = append(parts, b)
	}
	if m.entry != nil {
		b, err := o.findEntry(m, arrays)
		if err != nil {
			return parts, 0, named(err, path)
		}
		if b != nil {
			parts = append(parts, b)
		}
	}
	return parts, room, nil
}

// tables returns the groups of the tables in a directory. A table stands there once or
// several times in a row. It is never given other groups: a map that grows gets other
// tables (internal/runtime/maps, table.grow and table.split), so that the directory is
// all there is to watch.
func (o *Object) tables(lay *mapLayout, dir []byte, path func() string) ([]groupsAt, error) {
	var arrays []groupsAt
	table := make([]byte, lay.tableSize)
	word := int(lay.dirPtr.size)
	last := uint64(0)
	for ; len(dir) >= word; dir = dir[word:] {
		at := number(dir[:word])
		if at == last {
			continue
		}
		last = at
		if err := o.read(table, at); err != nil {
			return nil, &ReadError{path(), at, lay.tableSize, err}
		}
		a := groupsAt{number(table[lay.data.off : lay.data.off+lay.data.size]), int64(number(table[lay.mask.off:lay.mask.off+lay.mask.size])) + 1}
		if a.n <= 0 || a.addr == 0 {
			return nil, &HeaderError{path(), "a table of it has no groups"}
		}
		arrays = append(arrays, a)
	}
	return arrays, nil
}

// scanGroups makes and follows the links of all entries.
func (o *Object) scanGroups(b *block) {
	lay := b.m.lay
	if !lay.keyOut && !lay.elemOut && len(o.leaves(lay.key)) == 0 && len(o.leaves(lay.elem)) == 0 {
		return
	}
	eachOf([]*block{b}, func(b *block, i int64) { o.scanSlot(b, i) })
}

func (o *Object) scanSlot(b *block, i int64) {
	lay := b.m.lay
	part := func(t godwarf.Type, at int64, outside bool) {
		if outside {
			o.scanLeaves(b, []leaf{{0, lay.addressOf(t), anOutside}}, at)
		} else {
			o.scanLeaves(b, o.leaves(t), at)
		}
	}
	part(lay.key, lay.keyAt(i), lay.keyOut)
	part(lay.elem, lay.elemAt(i), lay.elemOut)
}

// addressOf is the type of a slot whose key or element lies outside.
func (lay *mapLayout) addressOf(t godwarf.Type) godwarf.Type {
	p := &lay.keyAddr
	if t == lay.elem {
		p = &lay.elemAddr
	}
	if *p == nil {
		*p = &godwarf.PtrType{CommonType: godwarf.CommonType{ByteSize: lay.dirPtr.size}, Type: t}
	}
	return *p
}

// unlinkIn ends the links in a part of a block and takes them out.
func (o *Object) unlinkIn(b *block, lo, hi int64) {
	i, j := b.linksIn(lo, hi)
	ends := slices.Clone(b.links[i:j])
	b.links = slices.Delete(b.links, i, j)
	for _, l := range ends {
		o.unlink(l)
	}
}
