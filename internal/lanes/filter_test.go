package lanes

import (
	"errors"
	"testing"

	"github.com/argusdbg/argus/hwbp"
	"github.com/argusdbg/argus/internal/kfilter"
)

// TestOccupantFilter: a filter is at work where one slot holds one watchpoint that does not
// take turns.
func TestOccupantFilter(t *testing.T) {
	f := &kfilter.Filter{}
	x, y := at(0x100), at(0x108)
	make := func(pinned bool, points []hwbp.Point, entries ...*Entry) *member {
		return &member{group: &group{config: Config{Pinned: pinned}}, points: points, entries: entries}
	}
	e, plain := &Entry{Filter: f}, &Entry{}
	one := make(true, []hwbp.Point{x}, e)
	for _, c := range []struct {
		name    string
		members []*member
		want    *kfilter.Filter
	}{
		{"one", []*member{one}, f},
		{"none", nil, nil},
		{"without a filter", []*member{make(true, []hwbp.Point{x}, plain)}, nil},
		{"in turns", []*member{make(false, []hwbp.Point{x}, e)}, nil},
		{"of two slots", []*member{make(true, []hwbp.Point{x, y}, e)}, nil},
		{"two entries", []*member{make(true, []hwbp.Point{x}, e, plain)}, nil},
		{"two groups", []*member{one, make(true, []hwbp.Point{x}, plain)}, nil},
	} {
		if got := (&occupant{point: x, members: c.members}).filter(); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// TestNoFilter: the ptrace driver has none.
func TestNoFilter(t *testing.T) {
	b := New(nil, nil, Options{})
	if f, err := b.NewFilter(kfilter.Config{}); f != nil || !errors.Is(err, ErrNoFilter) {
		t.Errorf("%v, %v", f, err)
	}
}
