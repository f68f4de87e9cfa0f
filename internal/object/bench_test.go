package object

import (
	"reflect"
	"testing"
)

type big struct {
	Rows [1024]struct {
		ID, Count, Sum int64
		Name           string
		Flags          [24]byte
	}
}

func own(b *testing.B, v any, name string) (*Object, uint64) {
	b.Helper()
	p := reflect.ValueOf(v)
	o, err := Resolve(name, dwarfOf(p.Type().Elem()), uint64(p.Pointer()), ownMemory{}, Options{})
	if err != nil {
		b.Fatal(err)
	}
	return o, uint64(p.Pointer())
}

// BenchmarkStore is a store of eight bytes: into a struct of 64 KiB, with all of its
// bytes looked at for comparison, and into one of 64 bytes.
func BenchmarkStore(b *testing.B) {
	b.Run("64KiB", func(b *testing.B) {
		v := new(big)
		o, addr := own(b, v, "v")
		r := Range{Addr: addr + 700*64 + 8, Size: 8}
		b.ReportAllocs()
		for b.Loop() {
			v.Rows[700].Count++
			if u := o.Changed(r); len(u.Changes) != 1 {
				b.Fatal(lines(u))
			}
		}
	})
	b.Run("64KiB-all", func(b *testing.B) {
		v := new(big)
		o, addr := own(b, v, "v")
		r := Range{Addr: addr, Size: 64 << 10}
		for b.Loop() {
			v.Rows[700].Count++
			if u := o.Changed(r); len(u.Changes) != 1 {
				b.Fatal(lines(u))
			}
		}
	})
	b.Run("64B", func(b *testing.B) {
		v := new([8]int64)
		o, addr := own(b, v, "v")
		r := Range{Addr: addr + 24, Size: 8}
		for b.Loop() {
			v[3]++
			if u := o.Changed(r); len(u.Changes) != 1 {
				b.Fatal(lines(u))
			}
		}
	})
}

// BenchmarkAppend is an append in place to a slice of a million elements.
func BenchmarkAppend(b *testing.B) {
	v := make([]int64, 1<<20, 1<<22)
	o, addr := own(b, &v, "v")
	r := Range{Addr: addr, Size: 24}
	for b.Loop() {
		if len(v) == cap(v) {
			v = v[:1<<20]
			o.Changed(r)
		}
		v = append(v, 1)
		if u := o.Changed(r); len(u.Changes) != 1 || u.Changes[0].Kind != Append {
			b.Fatal(lines(u))
		}
	}
}

// BenchmarkResolve makes out a thousand strings.
func BenchmarkResolve(b *testing.B) {
	v := make([]string, 1000)
	for i := range v {
		v[i] = string(rune('a'+i%26)) + "text"
	}
	for b.Loop() {
		own(b, &v, "v")
	}
}
