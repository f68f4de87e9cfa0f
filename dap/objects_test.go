package dap

import (
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
	"github.com/google/go-dap"
)

// TestObjects: a data breakpoint on a slice, on an entry of a map and on what is made of
// such stops once for an assignment, and the stop says which part has changed.
func TestObjects(t *testing.T) {
	for _, c := range []struct {
		scenario, name string
		stops          []string
	}{
		{"list", "main.list", []string{"main.list[1]: 2 -> 5, written by goroutine 1", "main.list: append: len 3 -> 4, [3] = 7, moved to other memory, written by"}},
		{"table", `main.table["a"]`, []string{`main.table["a"]: 1 -> 3, written by`, `main.table["a"]: 3 -> 3, written by`, `main.table["a"]: deleted, was 3, written by`}},
		{"order", "*main.ordr", []string{"main.ordr.Lines[1].Price: 20 -> 12, written by"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ed := newEditorWith(t, Config{})
			ed.launch(testkit.Target(t, "objects", testkit.Debug), with{"args": []string{c.scenario}})
			ed.breakIn("main.main")
			ed.configured()
			ed.stoppedFor("function breakpoint")
			info := ed.info(with{"name": c.name})
			if info.DataId == nil {
				t.Skip(info.Description) // no page guards here
			}
			if !strings.Contains(info.Description, "and what belongs to it, by a page guard") || len(info.AccessTypes) != 1 || info.CanPersist == strings.HasPrefix(c.name, "*") {
				t.Errorf("%+v", info)
			}
			set := ed.watch(dap.DataBreakpoint{DataId: info.DataId.(string)})
			ed.allSay(set, "mode exact, coverage exact, by a page guard")
			for _, want := range c.stops {
				ed.resume("continue", 1)
				if stop := ed.stoppedFor("data breakpoint"); !strings.HasPrefix(stop.Text, want) || len(stop.HitBreakpointIds) != 1 {
					t.Errorf("%+v, want %s", stop, want)
				}
			}
			ed.disconnect()
		})
	}
}

// TestLocalObjects: so does one in a local variable, until its function returns.
func TestLocalObjects(t *testing.T) {
	for _, c := range []struct {
		name, last string
		stops      []string
	}{
		{"items", "[1 5 3 9]", []string{"items[1]: 2 -> 5, written by goroutine 1", "items: append: len 3 -> 4, [3] = 9, moved to other memory, written by"}},
		{`tab["b"]`, "3", []string{`tab["b"]: added 3, written by goroutine 1`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ed := newEditorWith(t, Config{})
			ed.launch(testkit.Target(t, "objects", testkit.Debug), with{"args": []string{"frame"}})
			ed.breakIn("main.next")
			ed.configured()
			ed.stoppedFor("function breakpoint")
			info := ed.info(with{"name": c.name, "frameId": ed.stack(1)[1].Id})
			if info.DataId == nil {
				t.Skip(info.Description) // no page guards here
			}
			if !strings.Contains(info.Description, "by a page guard, until its function returns") || info.CanPersist {
				t.Errorf("%+v", info)
			}
			ed.breakIn()
			set := ed.watch(dap.DataBreakpoint{DataId: info.DataId.(string)})
			ed.allSay(set, "mode exact, coverage exact, by a page guard")
			for _, want := range c.stops {
				ed.resume("continue", 1)
				if stop := ed.stoppedFor("data breakpoint"); !strings.HasPrefix(stop.Text, want) || len(stop.HitBreakpointIds) != 1 {
					t.Errorf("%+v, want %s", stop, want)
				}
			}
			ed.resume("continue", 1)
			if stop := ed.stoppedFor("data breakpoint"); !strings.Contains(stop.Text, "out of scope") || !strings.Contains(stop.Text, c.last) {
				t.Errorf("%+v, want its end", stop)
			}
			if set := ed.watch(dap.DataBreakpoint{DataId: info.DataId.(string)}); set[0].Verified {
				t.Errorf("what is somewhere else: %+v", set)
			}
			ed.disconnect()
		})
	}
}

// TestObjectAmongTurns: an object has no part in the turns that others take.
func TestObjectAmongTurns(t *testing.T) {
	ed := newEditorWith(t, Config{})
	ed.launch(testkit.Target(t, "objects", testkit.Debug), with{"args": []string{"list"}})
	ed.breakIn("main.main")
	ed.configured()
	ed.stoppedFor("function breakpoint")
	info := ed.info(with{"name": "main.list"})
	if info.DataId == nil {
		t.Skip(info.Description)
	}
	none := ed.info(with{"name": "main.list", "mode": "sampled"})
	if none.DataId != nil || !strings.Contains(none.Description, "page guards") {
		t.Errorf("%+v", none)
	}
	list := []dap.DataBreakpoint{{DataId: info.DataId.(string)}}
	for _, name := range []string{"main.key", "main.pair.N", "main.n", "main.large[0]", "main.large[5000]"} {
		id := ed.info(with{"name": name})
		if id.DataId == nil {
			continue // a string, where
		}
		list = append(list, dap.DataBreakpoint{DataId: id.DataId.(string), HitCondition: "== 1000000000000"})
	}
	ed.allSay(ed.watch(list...), "mode exact, coverage exact")
	ed.disconnect()
}

// TestWatchFollowing: from the console pointers are followed, and single stores shown.
func TestWatchFollowing(t *testing.T) {
	ed := newEditorWith(t, Config{})
	ed.launch(testkit.Target(t, "objects", testkit.Debug), with{"args": []string{"follow"}})
	ed.breakIn("main.main")
	ed.configured()
	ed.stoppedFor("function breakpoint")
	if info := ed.info(with{"name": "main.list"}); info.DataId == nil {
		t.Skip(info.Description)
	}
	ed.says("argus watch -follow -raw *main.head", "mode exact")
	for _, want := range []string{"main.head.Value: 1 -> 2, written by", "main.head: 0x"} {
		ed.resume("continue", 1)
		if stop := ed.stoppedFor("data breakpoint"); !strings.HasPrefix(stop.Text, want) {
			t.Errorf("%s, want %s", stop.Text, want)
		}
	}
	ed.resume("continue", 1)
	if stop := ed.stoppedFor("data breakpoint"); !strings.HasPrefix(stop.Text, "main.head.Value: 3 -> 4") {
		t.Errorf("what it points to now: %s", stop.Text)
	}
	ed.disconnect()
}
