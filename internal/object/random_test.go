package object

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// entries is a map of the program as texts, as it is there now.
func entries(o *Object) map[string]string {
	all := map[string]string{}
	if head := o.root.links[0].to; head != nil {
		head.m.each(func(b *block, i int64) { all[o.keyText(b, i, 0)] = o.elemText(b, i) })
	}
	return all
}

// replay does to a map what is told of it.
func replay(t *rapid.T, model map[string]string, name string, u Update) {
	for _, c := range u.Changes {
		key := strings.TrimSuffix(strings.TrimPrefix(c.Path, name+"["), "]")
		was, there := model[key]
		switch c.Kind {
		case Cleared:
			if int(c.OldLen) != len(model) {
				t.Errorf("%s, and there were %d", c, len(model))
			}
			clear(model)
			continue
		case Grew:
			if c.Path != name || c.NewLen <= c.OldLen {
				t.Errorf("%s", c)
			}
			continue
		case Added:
			if there {
				t.Errorf("%s, and it was there", c)
			}
			model[key] = c.New
			continue
		case Deleted:
			delete(model, key)
		default:
			model[key] = c.New
		}
		if !there || was != c.Old {
			t.Errorf("%s, and it was %q", c, was)
		}
	}
}

// TestRandomSteps: after any number of operations on maps that grow, split their tables
// and are cleared, and on slices, what is told adds up to what is there.
func TestRandomSteps(t *testing.T) {
	p := start(t, build(t, ""))
	rapid.Check(t, func(rt *rapid.T) {
		var all []*watched
		for _, name := range []string{"large", "words", "lists"} {
			ty, addr := p.variable(t, name)
			all = append(all, watch(rt, p, func() (*Object, error) { return Resolve("main."+name, ty, addr, p, Options{}) }))
		}
		ty, addr := p.variable(t, "large")
		key := fmt.Sprint(rapid.IntRange(0, 59).Draw(rt, "key"))
		one := watch(rt, p, func() (*Object, error) { return ResolveEntry("main.large", ty, addr, key, p, Options{}) })
		one.all = true
		model := entries(all[0].Object)
		for range rapid.IntRange(1, 12).Draw(rt, "rounds") {
			n := rapid.SampledFrom([]int{1, 1, 1, 5, 30, 1500}).Draw(rt, "steps")
			before, was := model[key]
			p.do(t, fmt.Sprintf("steps %d %d", rapid.Int64Range(1, 1<<40).Draw(rt, "seed"), n))
			for i, w := range all {
				u := w.changed(rt)
				if i > 0 {
					continue
				}
				if u.More > 0 { // more than are listed
					model = entries(w.Object)
					continue
				}
				replay(rt, model, "main.large", u)
				if now := entries(w.Object); !maps.Equal(model, now) {
					rt.Fatalf("told is %q, which makes %v, and there is %v", lines(u), model, now)
				}
			}
			now, is := model[key]
			switch u := one.changed(rt); {
			case len(u.Changes) == 0 && (was != is || before != now):
				rt.Errorf("[%s] was %q and is %q, and nothing is told", key, before, now)
			case len(u.Changes) == 1:
				c := u.Changes[0]
				if c.Path != "main.large["+key+"]" || c.Old != before || c.New != now || is != (c.Kind != Deleted) || was != (c.Kind != Added) {
					rt.Errorf("[%s] was %q and is %q, and told is %s", key, before, now, c)
				}
			case len(u.Changes) > 1:
				rt.Errorf("one entry: %q", lines(u))
			}
		}
	})
}
