package watch

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/argusdbg/argus/hwbp"
)

func point(addr uint64) hwbp.Point { return hwbp.Point{Addr: addr, Len: 8, Access: hwbp.Write} }

func TestFifthNamesHolders(t *testing.T) {
	tab := NewTable(4)
	for i, name := range []string{"main.a", "main.b", "main.c"} {
		if err := tab.Add(&Entry{Name: name, Points: []hwbp.Point{point(uint64(8 * i))}}); err != nil {
			t.Fatal(err)
		}
	}
	wide := &Entry{Name: "main.wide", Points: []hwbp.Point{point(64), point(72)}}
	err := tab.Add(wide)
	var se *SlotsError
	if !errors.As(err, &se) || se.Want != 2 || se.Free != 1 || !slices.Equal(se.Holders, []string{"main.a", "main.b", "main.c"}) {
		t.Fatalf("got %v", err)
	}
	const want = "main.wide needs 2 more debug registers and 1 of 4 is free (held by main.a, main.b, main.c): remove one of these first"
	if err.Error() != want {
		t.Errorf("message %q, want %q", err, want)
	}
	if got := tab.Points()[3]; got.Len != 0 {
		t.Errorf("a refused entry left %v behind", got)
	}
}

func TestSamePointTakesOneSlot(t *testing.T) {
	tab := NewTable(1)
	a, b := &Entry{Name: "a", Points: []hwbp.Point{point(8)}}, &Entry{Name: "b", Points: []hwbp.Point{point(8)}}
	if err := errors.Join(tab.Add(a), tab.Add(b)); err != nil {
		t.Fatal(err)
	}
	if got := tab.AppendFired(nil, 1); !slices.Equal(got, []*Entry{a, b}) {
		t.Errorf("fired %v", got)
	}
	tab.Remove(a)
	if got := tab.AppendFired(nil, 1); !slices.Equal(got, []*Entry{b}) {
		t.Errorf("fired %v after one was removed", got)
	}
	tab.Remove(b)
	if !tab.Empty() || tab.Points()[0].Len != 0 {
		t.Error("the slot is still held")
	}
}

// TestModel checks the table against the obvious: a list of entries.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tab := NewTable(4)
		var in []*Entry
		distinct := func(es []*Entry) map[hwbp.Point]bool {
			m := map[hwbp.Point]bool{}
			for _, e := range es {
				for _, p := range e.Points {
					m[p] = true
				}
			}
			return m
		}
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				addrs := rapid.SliceOfN(rapid.Uint64Range(0, 5), 1, 5).Draw(t, "addrs")
				e := &Entry{Name: "e"}
				for _, a := range addrs {
					e.Points = append(e.Points, point(8*a+8))
				}
				err := tab.Add(e)
				if fits := len(distinct(append(slices.Clone(in), e))) <= 4; fits != (err == nil) {
					t.Fatalf("fits %v, but Add says %v", fits, err)
				}
				if err == nil {
					in = append(in, e)
				}
			},
			"remove": func(t *rapid.T) {
				if len(in) == 0 {
					t.Skip("empty")
				}
				i := rapid.IntRange(0, len(in)-1).Draw(t, "i")
				tab.Remove(in[i])
				in = slices.Delete(in, i, i+1)
			},
			"": func(t *rapid.T) {
				want := distinct(in)
				for i, p := range tab.Points() {
					if p.Len == 0 {
						continue
					}
					if !want[p] {
						t.Fatalf("slot %d holds %v, which nobody wants or another slot holds too", i, p)
					}
					delete(want, p)
					var owners []*Entry
					for _, e := range in {
						if slices.Contains(e.Points, p) {
							owners = append(owners, e)
						}
					}
					fired := tab.AppendFired(nil, 1<<i)
					if len(fired) != len(owners) {
						t.Fatalf("slot %d belongs to %d entries, AppendFired says %d", i, len(owners), len(fired))
					}
					for _, e := range owners {
						if !slices.Contains(fired, e) {
							t.Fatalf("an owner of slot %d was not told", i)
						}
					}
				}
				if len(want) > 0 {
					t.Fatalf("points without a slot: %v", want)
				}
			},
		})
	})
}
