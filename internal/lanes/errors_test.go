package lanes

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// TestRefusals: who does not fit is told what is free, who holds the rest, and what to do.
func TestRefusals(t *testing.T) {
	b, _ := fakeBoard(t, 1)
	for _, name := range []string{"a", "b", "c"} {
		e := word(uint64(name[0]) << 8)
		e.Name = name
		if err := b.Add(Config{Name: name, Entries: []*Entry{e}, Pinned: true}); err != nil {
			t.Fatal(err)
		}
	}
	x, y := word(0x10), word(0x20)
	err := b.Add(Config{Name: "x and y", Entries: []*Entry{x, y}, Pinned: true})
	var se *SlotsError
	if !errors.As(err, &se) || se.Want != 2 || se.Free != 1 || se.Slots != 4 || !se.Pinned || !slices.Equal(se.Holders, []string{"a", "b", "c"}) {
		t.Fatalf("two in one slot: %v (%+v)", err, se)
	}
	for _, want := range []string{"x and y needs 2 debug registers", "1 of 4 is free", "a, b, c", "remove one", "mode sampled"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
	err = b.Add(Config{Name: "five", Entries: []*Entry{word(1), word(2), word(3), word(4), word(5)}})
	if !errors.As(err, &se) || se.Pinned || !strings.Contains(err.Error(), "watch a part") {
		t.Errorf("five at once: %v", err)
	}
	if err := b.Add(Config{Entries: []*Entry{x}, Thread: 9}); err == nil || err.Error() != "the process has no thread 9" {
		t.Errorf("for a thread that is not there: %v", err)
	}
	if len(b.groups) != 3 || x.in != nil {
		t.Error("what was refused has left something behind")
	}
}

func TestForeignErrorNamesTheThread(t *testing.T) {
	b, d := fakeBoard(t, 3)
	d.free[2] = 3
	var last error
	for i := range 4 {
		last = b.Add(Config{Name: string(rune('a' + i)), Entries: []*Entry{word(uint64(8 * i))}, Pinned: true})
		if i < 3 && last != nil {
			t.Fatal(last)
		}
	}
	var fe *ForeignError
	if !errors.As(last, &fe) || fe.Name != "d" || fe.Thread != 2 || !strings.Contains(last.Error(), "thread 2") {
		t.Fatalf("the fourth: %v", last)
	}
	for tid := range 3 {
		if n := len(d.opened[tid+1].on()); n != 3 {
			t.Errorf("thread %d has %d armed after the refusal", tid+1, n)
		}
	}
}
