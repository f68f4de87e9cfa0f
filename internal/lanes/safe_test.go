package lanes

import (
	"slices"
	"testing"

	"github.com/argusdbg/argus/hwbp"
	"github.com/argusdbg/argus/internal/kstop"
)

func records(addrs ...uint64) (list []kstop.Record) {
	for _, a := range addrs {
		list = append(list, kstop.Record{Addr: a})
	}
	return list
}

// TestRecorded: records tell which of the hits that were counted a stop is about; the
// others are owned up to.
func TestRecorded(t *testing.T) {
	x, y, z := at(0x100), at(0x200), at(0x300)
	for _, c := range []struct {
		name          string
		here, earlier []kstop.Record
		debts         []debt
		now           uint16
		late          []hwbp.Point
		missed        []missed
		deferred      bool
	}{
		{"one", records(0x100), nil, []debt{{0, x, hwbp.Point{}, 1}}, 1, nil, nil, false},
		{"two of one instruction", records(0x100, 0x200), nil, []debt{{0, x, hwbp.Point{}, 1}, {1, y, hwbp.Point{}, 1}}, 3, nil, nil, false},
		{"of the one before", records(0x300), nil, []debt{{0, x, z, 1}}, 0, []hwbp.Point{z}, nil, false},
		{"counted without a record", records(0x100), nil, []debt{{0, x, hwbp.Point{}, 1}, {1, y, hwbp.Point{}, 2}}, 1, nil, []missed{{y, 2}}, false},
		{"some while the signal was blocked", nil, records(0x200, 0x200), []debt{{1, y, z, 2}}, 2, nil, []missed{{y, 1}}, true},
		{"here, and some before", records(0x100), records(0x200), []debt{{0, x, hwbp.Point{}, 1}, {1, y, hwbp.Point{}, 1}}, 1, nil, []missed{{y, 1}}, false},
	} {
		a := fakeSlots(x, y)
		a.debts = c.debts
		a.recorded(c.here, c.earlier)
		if a.sh.now != c.now || !slices.Equal(a.sh.late, c.late) || !slices.Equal(a.sh.missed, c.missed) || a.sh.deferred != c.deferred {
			t.Errorf("%s: now %b, late %v, missed %v, deferred %v", c.name, a.sh.now, a.sh.late, a.sh.missed, a.sh.deferred)
		}
	}
}
