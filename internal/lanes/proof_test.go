package lanes

import (
	"errors"
	"testing"
	"time"

	"github.com/argusdbg/argus/internal/wpscan"
	"github.com/argusdbg/argus/ptrace"
)

// TestCleanToTheEnd: what nobody wrote is proven clean up to the very end of the process,
// on threads that have ended before it too. Only a thread that ends by itself at the very
// moment at which the process does cannot be asked before, and then the account says so.
func TestCleanToTheEnd(t *testing.T) {
	eachDriver(t, func(t *testing.T, d Driver) {
		for range 3 {
			x := start(t, Options{Driver: d, Slice: 500 * time.Microsecond}, "named", "150", "3")
			lonely := x.add(x.symbol("main.lonely")+4096, Config{})
			cells := x.cells(8)
			if ev := x.runOn(); ev.Kind != ptrace.ProcessGone {
				t.Fatalf("%v", ev.Kind)
			}
			a := x.account(lonely)
			if a.Unproven != nil && a.Clean == 0 {
				t.Skip(a.Unproven)
			}
			cut := errors.Is(a.Unproven, wpscan.ErrGone)
			if cut != (a.Blind != 0) || a.Clean == 0 || a.Running == 0 || a.Hits != 0 {
				t.Errorf("running %d, clean %d, blind %d, hits %d (%v)", a.Running, a.Clean, a.Blind, a.Hits, a.Unproven)
			}
			if a := x.account(cells[0]); a.Blind == 0 {
				t.Errorf("a cell that is written all the time: clean %d, blind %d", a.Clean, a.Blind)
			}
			if !cut || t.Failed() {
				return
			}
			t.Logf("a thread ended with the process: blind for %d ns", a.Blind)
		}
		t.Error("threads end with the process every time")
	})
}

// TestDirty: what was missed is not proven clean.
func TestDirty(t *testing.T) {
	eachDriver(t, func(t *testing.T, d Driver) {
		x := start(t, Options{Driver: d}, "rare", "400")
		lonely := x.add(x.symbol("main.lonely")+4096, Config{})
		x.cells(12)
		x.runTo("main.finished")
		a, writes := x.account(lonely), x.read(x.symbol("main.rounds"))
		if a.Hits > writes || a.Hits == writes != (a.Blind == 0) {
			t.Errorf("%d of %d writes, clean %d, blind %d", a.Hits, writes, a.Clean, a.Blind)
		}
	})
}

// TestUnproven: without a scanner, with pages that it cannot have, and after a scan that
// failed nothing is clean, and the account says why.
func TestUnproven(t *testing.T) {
	x := start(t, Options{}, "turns", "1")
	good := x.add(x.cell(0), Config{})
	bad := &Entry{Points: good.Points}
	x.do(func() error {
		if x.b.scanner == nil {
			if a := x.b.Account(good); a.Unproven == nil {
				t.Error("no scanner, and no reason")
			}
			return nil
		}
		if a := x.b.Account(good); a.Unproven != nil {
			t.Error(a.Unproven)
		}
		ln, m := x.b.lanes[x.p.PID], good.in
		if !x.b.Clean(ln.sched, &m.event, 0, 1) {
			t.Error("nobody has written anything")
		}
		bad.Points[0].Addr = 0x10 // nothing is mapped there
		if err := x.b.Add(Config{Entries: []*Entry{{Points: bad.Points}}}); err != nil {
			return err
		}
		g := x.b.groups[1].members[0]
		if a := x.b.Account(g.entries[0]); a.Unproven == nil || x.b.Clean(ln.sched, &g.event, 0, 1) {
			t.Errorf("pages that are not there: %v", a.Unproven)
		}
		x.b.scanned(errors.New("no"))
		if a := x.b.Account(good); a.Unproven == nil || x.b.Clean(ln.sched, &m.event, 0, 1) {
			t.Errorf("after a scan that failed: %v", a.Unproven)
		}
		return nil
	})
}
