package heap

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/argusdbg/argus/internal/testkit"
)

// pagesOf is memory of whole pages, which counts how often it is read.
type pagesOf struct {
	data  []byte // from address 1<<20
	reads int
}

var errHole = errors.New("a hole")

func (m *pagesOf) ReadMemory(buf []byte, addr uint64) (int, error) {
	m.reads++
	if addr < 1<<20 || addr+uint64(len(buf)) > 1<<20+uint64(len(m.data)) {
		return 0, errHole
	}
	return copy(buf, m.data[addr-1<<20:]), nil
}

// TestRound: a round reads what is there, each page once, and nothing that is not.
func TestRound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &pagesOf{data: rapid.SliceOfN(rapid.Byte(), 3*roundPage, 3*roundPage).Draw(t, "memory")}
		r := NewRound(m)
		for range rapid.IntRange(1, 10).Draw(t, "reads") {
			off, n := rapid.Uint64Range(0, 3*roundPage).Draw(t, "offset"), rapid.IntRange(0, 2*roundPage).Draw(t, "size")
			buf := make([]byte, n)
			got, err := r.ReadMemory(buf, 1<<20+off)
			if over := int(off)+n > len(m.data); over != (err != nil) || over && !errors.Is(err, errHole) || !over && got != n {
				t.Fatalf("%d bytes at %d: %d, %v", n, off, got, err)
			}
			if !bytes.Equal(buf[:got], m.data[off:][:got]) {
				t.Fatalf("%d bytes at %d are not those", n, off)
			}
		}
		if m.reads > 3+10 { // and each hole again
			t.Fatalf("%d reads", m.reads)
		}
	})
}

// BenchmarkFate asks for the fates of 60 objects, as at the end of a marking.
func BenchmarkFate(b *testing.B) {
	path := testkit.Target(b, "lifetimes", testkit.Optimized)
	cmd, line := testkit.Start(b, path, "say", "0")
	p, mem := open(b, path), process(cmd.Process.Pid)
	h, err := New(p, p.constant, p.mheap)
	if err != nil {
		b.Fatal(err)
	}
	var objects []Object
	for words := strings.Fields(line); len(words) >= 3; words = words[3:] {
		var addr uint64
		if _, err := fmt.Sscan(words[0], &addr); err != nil {
			b.Fatal(err)
		}
		if o, ok, err := h.Find(mem, addr); ok && err == nil {
			objects = append(objects, o)
		}
	}
	for name, begin := range map[string]func() Memory{"alone": func() Memory { return mem }, "round": func() Memory { return NewRound(mem) }} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				m := begin()
				for i := range objects {
					if _, err := h.Fate(m, &objects[i]); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(objects)), "ns/object")
		})
	}
}
