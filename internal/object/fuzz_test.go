package object

import (
	"encoding/binary"
	"testing"
)

// FuzzMemory makes objects out of memory that holds anything, and lets it change in any
// way: words that lead nowhere, tables without end, channels that count wrong. Nothing
// of it may do harm.
func FuzzMemory(f *testing.F) {
	path := build(f, "")
	im := readImage(f, path)
	var names []string
	for _, n := range []string{"theOrder", "list", "words", "small", "outside", "lists", "nested", "whatever", "figure", "pipe", "single", "head", "branch"} {
		names = append(names, n)
		im.variable(f, n)
	}
	for i := range names {
		f.Add(byte(i), []byte{1, 0, 2, 8, 3, 16, 1, 24, 0x10, 0x18}, []byte{0x80, 1, 0xff, 3})
	}
	f.Fuzz(func(t *testing.T, which byte, words, more []byte) {
		name := names[int(which)%len(names)]
		ty, _ := im.variable(t, name)
		// Each byte is a word: small numbers as they are, larger ones addresses in the same
		// page, the largest what is too large for anything.
		const base, size = 0x10000, 4096
		page := make([]byte, size)
		fill := func(at int, from []byte) {
			for i, b := range from {
				w := uint64(b)
				switch {
				case b > 240:
					w = ^uint64(0) >> (b % 8)
				case b > 8:
					w = base + uint64(b)*8
				}
				binary.LittleEndian.PutUint64(page[(at+8*i)%(size-8):], w)
			}
		}
		fill(0, words)
		m := &fakeMemory{pieces: map[uint64][]byte{base: page}, typeAt: im.TypeAt}
		opt := Options{Follow: 3, MaxBytes: 1 << 16, MaxRanges: 256}
		o, err := Resolve(name, ty, base, m, opt)
		if err != nil {
			return
		}
		o.Text()
		for i, b := range more {
			at := int(b) * 8
			fill(at, more[i:])
			r := Range{Addr: base + uint64(at), Size: int64(8 * len(more[i:]))}
			if _, err := o.Raw(r); err != nil {
				t.Errorf("all of it can be read: %v", err)
			}
			o.Related(r, Range{Addr: base, Size: 8})
			u := o.Changed(r)
			for _, c := range u.Changes {
				_ = c.String()
			}
			for _, r := range o.Ranges() {
				o.Path(r.Addr)
			}
		}
	})
}
