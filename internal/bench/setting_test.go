package main

import (
	"fmt"
	"testing"
)

// TestApart: one on each page while that is possible.
func TestApart(t *testing.T) {
	list := []uint64{0x1000, 0x1008, 0x1010, 0x2000, 0x5000, 0x5ff8}
	for n, want := range map[int]string{1: "[1000]", 2: "[1000 2000]", 3: "[1000 2000 5000]", 6: "[1000 1008 1010 2000 5000 5ff8]", 9: "[1000 1008 1010 2000 5000 5ff8]"} {
		if got := fmt.Sprintf("%x", apart(list, n)); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

func TestParseTally(t *testing.T) {
	s, writes, err := parseTally("1000 500 10 11\n")
	if err != nil || s.Value != 100 || s.CPU != 50 || writes != 11 {
		t.Errorf("got %+v, %d, %v", s, writes, err)
	}
	for _, bad := range []string{"", "1 2 3", "a b c d\n", "1000 500 0 1\n"} {
		if s, _, err := parseTally(bad); err == nil {
			t.Errorf("%q: got %+v", bad, s)
		}
	}
}

func TestLineOf(t *testing.T) {
	if got := lineOf("a\nb mark\nc", "mark"); got != 2 {
		t.Errorf("got %d", got)
	}
	if got := lineOf("a", "mark"); got != 0 {
		t.Errorf("what is not there is on line %d", got)
	}
	if lineOf(hotSource, "// hot") == 0 {
		t.Error("the program hot has no such line")
	}
}

func TestParsePeak(t *testing.T) {
	if got, err := parsePeak("Name:\tx\nVmHWM:\t   2048 kB\nVmRSS:\t 1 kB\n"); err != nil || got != 2048 {
		t.Errorf("got %g, %v", got, err)
	}
	if _, err := parsePeak("Name:\tx\n"); err == nil {
		t.Error("nothing is a peak")
	}
}

func TestAlreadyHit(t *testing.T) {
	for text, want := range map[string]uint64{"": 0, "\tbreakpoint already hit 1 time\n": 1, "x\n\tbreakpoint already hit 1063 times\n": 1063} {
		if got := alreadyHit(text); got != want {
			t.Errorf("%q: got %d, want %d", text, got, want)
		}
	}
}
