package main

import (
	"regexp"
	"slices"
	"testing"
)

// TestCases: each tool has a function or a reason, and not both; goals are of tools that
// are in the case.
func TestCases(t *testing.T) {
	name := regexp.MustCompile(`^[a-z]+(-[a-z0-9]+)*$`)
	seen := map[string]bool{}
	for _, b := range cases() {
		if seen[b.name] || !name.MatchString(b.name) || b.title == "" || (b.unit != nanoseconds && b.unit != byteCount) {
			t.Errorf("%q: its name, title or unit is wrong", b.name)
		}
		seen[b.name] = true
		for tool := range b.run {
			if !slices.Contains(tools, tool) || b.cannot[tool] != "" {
				t.Errorf("%s: %s can and cannot, or is nobody", b.name, tool)
			}
		}
		for _, tool := range []tool{argus, delve, gdb} {
			if b.run[tool] == nil && b.cannot[tool] == "" {
				t.Errorf("%s: nothing is said of %s", b.name, tool)
			}
		}
		for _, g := range b.goals {
			for _, tool := range []tool{g.Of, g.To} {
				if b.run[tool] == nil && b.cannot[tool] == "" {
					t.Errorf("%s: a goal is of %s, which is not in it", b.name, tool)
				}
			}
			if (g.AtMost > 0) == (g.AtLeast > 0) {
				t.Errorf("%s: a goal wants %g at most and %g at least", b.name, g.AtMost, g.AtLeast)
			}
		}
	}
}

func TestExpected(t *testing.T) {
	rare := hits{kind: conditionRare}
	for writes, want := range map[uint64]uint64{0: 0, 1: 1, 1000: 1, 1001: 2, 2001: 3} {
		if got := rare.expected(writes); got != want {
			t.Errorf("%d writes: got %d, want %d", writes, got, want)
		}
	}
	if got := (hits{}).expected(7); got != 7 {
		t.Errorf("got %d, want all 7", got)
	}
}

// TestOrder: all come in each turn, and none is the first in two turns on end.
func TestOrder(t *testing.T) {
	last := -1
	for i := range 20 {
		list := order(5, i)
		if list[0] == last {
			t.Errorf("%d is the first again", last)
		}
		last = list[0]
		slices.Sort(list)
		if !slices.Equal(list, []int{0, 1, 2, 3, 4}) {
			t.Errorf("turn %d: %v", i, list)
		}
	}
}
