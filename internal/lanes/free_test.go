package lanes

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestFree: what is said to be free can be had, and not one slot more.
func TestFree(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b, _ := fakeBoard(t, 2)
		next := uint64(0x1000)
		config := func(thread, slots int, pinned bool) Config {
			e := &Entry{Name: "e"}
			for range slots {
				e.Points = append(e.Points, word(next).Points...)
				next += 8
			}
			return Config{Name: "e", Entries: []*Entry{e}, Pinned: pinned, Thread: thread}
		}
		for range rapid.IntRange(0, 4).Draw(rt, "before") {
			c := config(rapid.IntRange(0, 2).Draw(rt, "thread"), rapid.IntRange(1, 3).Draw(rt, "slots"), rapid.Bool().Draw(rt, "pinned"))
			var full *SlotsError
			if err := b.Add(c); err != nil && !errors.As(err, &full) {
				rt.Fatal(err)
			}
		}
		thread, pinned := rapid.IntRange(0, 2).Draw(rt, "for"), rapid.Bool().Draw(rt, "always")
		groups := len(b.groups)
		free, _ := b.Free(thread, pinned)
		if again, _ := b.Free(thread, pinned); again != free || len(b.groups) != groups {
			rt.Fatalf("%d free, then %d, and %d groups", free, again, len(b.groups)-groups)
		}
		var full *SlotsError
		if err := b.Add(config(thread, free+1, pinned)); !errors.As(err, &full) || full.Free != free {
			rt.Fatalf("%d are free, and %d: %v", free, free+1, err)
		}
		if free == 0 {
			return
		}
		if err := b.Add(config(thread, free, pinned)); err != nil {
			rt.Fatalf("%d are free, and cannot be had: %v", free, err)
		}
	})
}

// TestFreeNamesHolders: who holds what is not free.
func TestFreeNamesHolders(t *testing.T) {
	b, _ := fakeBoard(t, 1)
	addAll(t, b, true, 0, word(0x10), word(0x20))
	free, holders := b.Free(0, true)
	if slices.Sort(holders); free != 2 || len(holders) != 2 {
		t.Errorf("%d free, held by %v", free, holders)
	}
}
