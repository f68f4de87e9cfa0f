package object

import (
	"strconv"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"

	"github.com/argusdbg/argus/internal/value"
)

// ResolveEntry makes out one entry of a map: the variable m of type t at addr, and the
// key as Go source writes it: `"k"`, 5, or {A:1 B:"x"} for a struct. The name is that of
// the map. The entry need not be there yet; it may go and come back, and moves when the
// map grows.
//
// While the entry is not there every write to another entry's place is quiet, but each
// one that is added or deleted makes the map be searched.
func ResolveEntry(name string, t godwarf.Type, addr uint64, key string, env Env, opt Options) (*Object, error) {
	if _, ok := value.Underlying(t).(*godwarf.MapType); !ok {
		return nil, &LayoutError{"maps", value.TypeName(t) + " is none", "watch an element of it, v[0], or a field"}
	}
	o := newObject(name, env, opt)
	o.entry = &key
	return o.begin(t, addr)
}

// findEntry looks for the entry that is watched, and makes a block of its group.
func (o *Object) findEntry(m *mapState, arrays []groupsAt) (*block, error) {
	lay := m.lay
	wanted := *m.entry
	length := int64(-1)
	if kindOf(lay.key) == aString && !lay.keyOut {
		if s, err := strconv.Unquote(wanted); err == nil {
			length, wanted = int64(len(s)), strconv.Quote(s)
		}
	}
	for _, a := range arrays {
		if a.n > o.opt.MaxBytes/lay.groupSize {
			return nil, &LimitError{"", "bytes", min(a.n, 1<<40/lay.groupSize) * lay.groupSize, o.opt.MaxBytes}
		}
		groups := make([]byte, a.n*lay.groupSize)
		if err := o.read(groups, a.addr); err != nil {
			return nil, &ReadError{"", a.addr, int64(len(groups)), err}
		}
		for i := range a.n * lay.slots {
			if !lay.liveIn(groups, i) {
				continue
			}
			at := lay.keyAt(i)
			if length >= 0 {
				if h, err := parseHeader(lay.key, groups[at:at+lay.keySize]); err != nil || h.len != length {
					continue
				}
			}
			p := printer{o: o, full: true}
			if lay.keyOut {
				text, _ := p.behind(nil, number(groups[at:at+lay.keySize]), value.Size(lay.key))
				p.value(lay.key, text, nil, 0)
			} else {
				p.value(lay.key, groups[at:at+lay.keySize], nil, 0)
			}
			if string(p.dst) == wanted {
				return o.entryBlock(m, a.addr+uint64(i/lay.slots*lay.groupSize), i%lay.slots)
			}
		}
	}
	return nil, nil
}

// entryBlock is the group that the entry is in, of which its control byte and element
// are watched.
func (o *Object) entryBlock(m *mapState, group uint64, slot int64) (*block, error) {
	k := key{mapGroups, group, 1, m.lay.group}
	if b := o.blocks[k]; b != nil && b.slot == slot {
		return b, nil
	} else if b != nil {
		o.drop(b)
	}
	spans := []span{{m.lay.ctrlAt(slot), 1}, {m.lay.elemAt(slot), m.lay.elemSize}}
	b, err := o.newBlock(k, m.lay.groupSize, spans, m.head.hops, "")
	if err == nil {
		b.slot = slot
	}
	return b, err
}
