package hwbp

import (
	"testing"

	"pgregory.net/rapid"
)

// TestDR6Linux has words that Linux 6.18 gave through ptrace.
func TestDR6Linux(t *testing.T) {
	for _, c := range []struct {
		name  string
		d     DR6
		fired uint8
		step  bool
	}{
		{"new thread", 0xffff0ff0, 0, false},
		{"one store over two slots", 0xffff0ff3, 0b0011, false},
		{"single step over a store to slot 2", 0xffff4ff4, 0b0100, true},
		{"plain single step", 0xffff4ff0, 0, true},
		{"all four", 0xffff0fff, 0b1111, false},
		{"zero", 0, 0, false},
		{"clear", DR6Clear, 0, false},
	} {
		if got := c.d.Fired(); got != c.fired {
			t.Errorf("%s: fired %#b, want %#b", c.name, got, c.fired)
		}
		if got := c.d.SingleStep(); got != c.step {
			t.Errorf("%s: single step %v", c.name, got)
		}
	}
}

func TestDR6OtherBits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fired := rapid.Uint8Range(0, 15).Draw(t, "fired")
		step := rapid.Bool().Draw(t, "step")
		d := DR6(rapid.Uint64().Draw(t, "rest"))&^(1<<14|0xf) | DR6(fired)
		if step {
			d |= 0x4000
		}
		if d.Fired() != fired || d.SingleStep() != step {
			t.Fatalf("%#x: %#b, %v", uint64(d), d.Fired(), d.SingleStep())
		}
	})
}
