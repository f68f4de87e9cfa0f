package main

import (
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/argusdbg/argus/sched"
	"github.com/argusdbg/argus/sched/sim"
)

// TestShow: all tables are there, the same each time, and the drawing is XML.
func TestShow(t *testing.T) {
	svg := filepath.Join(t.TempDir(), "on.svg")
	var one, two strings.Builder
	if err := show(&one, svg, 1, 1, 20); err != nil {
		t.Fatal(err)
	}
	if !testing.Short() {
		if err := show(&two, "", 1, 1, 20); err != nil {
			t.Fatal(err)
		}
		if one.String() != two.String() {
			t.Error("another output of the same seed")
		}
	}
	for _, p := range policies {
		if n := strings.Count(one.String(), "  "+p.name); n < 4 {
			t.Errorf("%s is in the tables %d times", p.name, n)
		}
	}
	f, err := os.Open(svg)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rects := 0
	for d := xml.NewDecoder(f); ; {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "rect" {
			rects++
		}
	}
	if rects < 3*12*5 {
		t.Errorf("%d rectangles", rects)
	}
	if err := show(io.Discard, t.TempDir(), 1, 1, 1); err == nil {
		t.Error("a drawing was written over a directory")
	}
}

// TestShares: pinned is always on, weights count where they should, nobody waits
// longer than there are flexible watchpoints, and estimates hold.
func TestShares(t *testing.T) {
	results, err := showShares(io.Discard, 7)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range results {
		steady, heavy := 0.0, 0.0
		for j := range r.Variables {
			o := &r.Variables[j]
			switch name := o.Variable.Name; {
			case name == "pinned":
				if o.Share() != 1 || o.Times.Hits != o.Writes || o.LongestWait != 0 {
					t.Errorf("%s: pinned: %+v", policies[i].name, o)
				}
			case strings.HasPrefix(name, "steady"):
				steady += o.Share() / 7
			case strings.HasPrefix(name, "heavy"):
				heavy += o.Share() / 3
			}
			if o.LongestWait > 11 {
				t.Errorf("%s: %s waited for %d turns", policies[i].name, o.Variable.Name, o.LongestWait)
			}
			if policies[i].name == "adaptive" {
				continue // it looks where something happens
			}
			if e := o.Estimate; float64(o.Writes) < e.Hits-e.Err || float64(o.Writes) > e.Hits+e.Err {
				t.Errorf("%s: %s: %d writes, estimated %+v", policies[i].name, o.Variable.Name, o.Writes, e)
			}
		}
		// 4 slots less the pinned one, for 7 + 1 of weight 1 and 3 of weight 3.
		want := []float64{1, 3, 1.5}[i]
		if r := heavy / steady; r < want*0.97 || i < 2 && r > want*1.03 {
			t.Errorf("%s: the heavy ones have %.2f times the share", policies[i].name, r)
		}
	}
}

// TestRare: in bursts the adaptive policy catches the writer sooner, and with
// single writes it can do nothing.
func TestRare(t *testing.T) {
	find := func(trials int, p sched.Policy, burst, weight int) *found {
		f, err := try(trials, func(i int) sim.Config { return rare(p, uint64(i), burst, weight) })
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	equal, adaptive, weighted := find(30, sched.RoundRobin{}, 10, 1), find(30, sched.Adaptive{}, 10, 1), find(3, sched.Weighted{}, 10, 4)
	if a, e := adaptive.percentile(95), equal.percentile(95); a*2 > e {
		t.Errorf("95 of 100 are caught after %d ms, by round robin after %d", a/ms, e/ms)
	}
	if a, e := adaptive.hits/adaptive.writes, equal.hits/equal.writes; a < 1.5*e {
		t.Errorf("hits are %.3f of the writes, with round robin %.3f", a, e)
	}
	if weighted.share < 3*equal.share {
		t.Errorf("4 times the weight has %.3f, once %.3f", weighted.share, equal.share)
	}
	if s := find(3, sched.Adaptive{}, 1, 1).share; s < 0.12 || s > 0.13 {
		t.Errorf("share of the rarest: %.3f", s)
	}
}

// TestCrowd: many threads and goroutines, all of which get their share.
func TestCrowd(t *testing.T) {
	var out strings.Builder
	if err := showCrowd(&out, 1, 30); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "100%"); n != len(policies) {
		t.Errorf("pinned is not always on:\n%s", out.String())
	}
}
