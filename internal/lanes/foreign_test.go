package lanes

import (
	"testing"

	"github.com/argusdbg/argus/internal/perf"
	"github.com/argusdbg/argus/ptrace"
)

// TestNewbornWithoutRoom: another user has a slot of every new thread before we do. What
// does not fit there fails there, says so, and is on by itself when the other has gone.
func TestNewbornWithoutRoom(t *testing.T) {
	eachDriver(t, func(t *testing.T, d Driver) {
		x := start(t, Options{Driver: d}, "named", "100000", "8") // more threads than there are before main
		var entries []*Entry
		for i := range 4 {
			entries = append(entries, x.add(x.cell(i), Config{Pinned: true}))
		}
		last := entries[3]
		var foreign []*perf.Event
		x.born = func(th *ptrace.Thread) {
			e, err := perf.Open(th.TID, at(x.symbol("main.b")), perf.Options{})
			if err != nil {
				t.Error(err)
				return
			}
			foreign = append(foreign, e)
		}
		leave := func() {
			for _, e := range foreign {
				if err := e.Close(); err != nil {
					t.Error(err)
				}
			}
		}
		defer leave()
		var held Account
		x.hit = func(*ptrace.Thread, *Entry, Shot) {
			switch a := x.b.Account(last); {
			case held.Failed == 0:
				if a.Failed > 0 && a.Blind > 1e6 {
					held = a
					leave()
					x.born = func(*ptrace.Thread) {}
				}
			case a.Failed == 0:
				_ = x.g.Nudge() // that was it
			}
		}
		x.runOn()
		if held.Failed == 0 || held.Failures < held.Failed || held.Enabled != held.Running+held.Clean+held.Blind {
			t.Errorf("while the other was there: %+v", held)
		}
		after := x.account(last)
		if after.Failed != 0 || after.Failures < held.Failures {
			t.Errorf("after it went: %+v", after)
		}
		for i, e := range entries[:3] {
			if a := x.account(e); a.Failures != 0 || a.Blind != 0 {
				t.Errorf("cell %d, which fits: failed %d times, blind %d", i, a.Failures, a.Blind)
			}
		}
		for _, ln := range x.b.lanes {
			if ln.th.Gone() {
				continue
			}
			if on := ln.sched.Slots(x.b.pmu); on != 4 {
				t.Errorf("thread %d has %d slots", ln.th.TID, on)
			}
		}
		if err := x.b.Err(); err != nil {
			t.Error(err)
		}
	})
}
