package wpscan

import (
	"fmt"
	"testing"
)

// BenchmarkScan is of clean pages, side by side or each for itself.
func BenchmarkScan(b *testing.B) {
	for _, apart := range []uint64{1, 3} {
		for _, n := range []uint64{1, 4, 64} {
			b.Run(fmt.Sprintf("%d/%d apart", n, apart), func(b *testing.B) {
				h := startTarget(b, nil).hold()
				s := h.scanner()
				for i := range n {
					if err := s.Add(h.at["many"]+i*apart*pageSize, 8); err != nil {
						b.Fatal(err)
					}
				}
				for b.Loop() {
					if err := s.Scan(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkStore is what a program's stores to 1,000 pages cost, a page: with no
// protection, and the first after a scan.
func BenchmarkStore(b *testing.B) {
	const n = 1000
	h := startTarget(b, nil).hold()
	s := h.scanner()
	base := h.at["many"]
	h.run(func() { h.tell("time", base, n) })
	measure := func(b *testing.B) {
		var ns, rounds int
		for b.Loop() {
			h.run(func() { ns += h.tell("time", base, n) })
			rounds++
			b.StopTimer()
			if err := s.Scan(); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
		b.ReportMetric(float64(ns)/float64(rounds*n), "ns/page")
	}
	b.Run("free", measure)
	if err := s.Add(base, n*pageSize); err != nil {
		b.Fatal(err)
	}
	b.Run("covered", measure)
}

// BenchmarkCover is one Add and Remove, and one Open and Close.
func BenchmarkCover(b *testing.B) {
	h := startTarget(b, nil).hold()
	b.Run("Add and Remove", func(b *testing.B) {
		s := h.scanner()
		for b.Loop() {
			if err := s.Add(h.at["many"], 8); err != nil {
				b.Fatal(err)
			}
			s.Remove(h.at["many"], 8)
		}
	})
	b.Run("Open and Close", func(b *testing.B) {
		for b.Loop() {
			s, err := h.open()
			if err != nil {
				b.Fatal(err)
			}
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
