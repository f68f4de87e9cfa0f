package lanes

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/argusdbg/argus/internal/testkit"
	"github.com/argusdbg/argus/ptrace"
)

// TestEveryHitIsItsOwn turns as fast as it can while everything is written all the time:
// every hit must be of the very cell that its thread was about to write, whatever has
// become of the slot meanwhile, and of no write that was not made.
func TestEveryHitIsItsOwn(t *testing.T) {
	eachDriver(t, func(t *testing.T, d Driver) {
		for _, threads := range []int{1, 3} {
			// On a machine that others use a program may have little of its time.
			for ms, enough := 400, false; !enough && ms <= 25_600 && !t.Failed(); ms *= 2 {
				t.Run(fmt.Sprint(threads, ms), func(t *testing.T) { enough = everyHit(t, d, threads, ms) })
			}
		}
	})
}

// everyHit reports whether there were enough turns to tell anything.
func everyHit(t *testing.T, d Driver, threads, ms int) bool {
	const watched = 12
	x := start(t, Options{Driver: d, Slice: 50 * time.Microsecond}, "named", fmt.Sprint(ms), fmt.Sprint(threads))
	x.b.ungoverned = true
	entries := x.cells(watched)
	var hits, latest [watched]uint64
	x.hit = func(_ *ptrace.Thread, e *Entry, s Shot) {
		i := e.Owner.(int)
		hits[i]++
		if s.Deferred {
			return
		}
		if doing := x.read(x.symbol("main.doing") + 64*uint64(i%threads)); doing != uint64(i) {
			t.Errorf("a hit of cell %d while the thread writes cell %d", i, doing)
		}
		v := x.read(x.cell(i))
		if v>>40 != uint64(i) || v <= latest[i] {
			t.Errorf("cell %d: a hit with the value %#x after %#x", i, v, latest[i])
		}
		latest[i] = v
	}
	x.runTo("main.finished")
	var all, turns, lost uint64
	never := 0
	for i, e := range entries {
		a, writes := x.account(e), x.read(x.cell(i))&(1<<40-1)
		all, turns, lost = all+hits[i], turns+a.Turns, lost+x.missed[e]
		if hits[i]+x.missed[e] > writes {
			t.Errorf("cell %d: %d hits and %d missed of %d writes", i, hits[i], x.missed[e], writes)
		}
		if a.Running == 0 { // with slices this short chance decides who is caught
			never++
		}
		if a.Enabled != a.Running+a.Clean+a.Blind || a.Clean > a.Enabled/4 {
			t.Errorf("cell %d: enabled %d, running %d, clean %d, blind %d", i, a.Enabled, a.Running, a.Clean, a.Blind)
		}
		if a.Hits != hits[i]+x.missed[e] {
			t.Errorf("cell %d: %d hits counted, %d told and %d missed", i, a.Hits, hits[i], x.missed[e])
		}
	}
	t.Logf("%d hits in %d turns, %d missed, %d stops without a cause", all, turns, lost, x.unknown)
	if lost > 0 {
		t.Errorf("%d hits were counted and not told of", lost)
	}
	if err := x.b.Err(); err != nil {
		t.Error(err)
	}
	enough := turns >= 100 && all >= 50 && never == 0
	if !enough && ms > 20_000 {
		t.Errorf("%d hits in %d turns, and %d of %d cells were never on", all, turns, never, watched)
	}
	return enough
}

// TestCloseAnyTime: the rotator ends when the board does, whatever it is at, and leaves
// nothing behind.
func TestCloseAnyTime(t *testing.T) {
	eachDriver(t, func(t *testing.T, d Driver) {
		t.Run("first", func(t *testing.T) { start(t, Options{Driver: d}, "turns", "1") }) // what is opened once
		before := testkit.Used(t)
		before.Threads = testkit.Any
		for i := range 8 {
			t.Run("", func(t *testing.T) {
				x := start(t, Options{Driver: d, Slice: 100 * time.Microsecond}, "turns", "10000")
				x.b.ungoverned = true
				entries, n := x.cells(8), 0
				x.hit = func(*ptrace.Thread, *Entry, Shot) {
					if n++; n == 1+i*20 {
						_ = x.g.Nudge() // it is stopped in the course of the events
					}
				}
				x.runOn()
				if i%2 == 0 {
					x.do(func() error { return x.b.Remove(entries[0]) })
					x.do(func() error { x.b.Resume(); return nil }) // the rotator is at work
				}
				began := time.Now()
				x.do(x.b.Close)
				if d := time.Since(began); d > testkit.Deadline/10 {
					t.Errorf("to close it took %v", d)
				}
			})
		}
		testkit.NoMoreThan(t, before)
	})
}

// TestLongSlices: a slice that lasts for ever does not keep Close waiting.
func TestLongSlices(t *testing.T) {
	b, _ := fakeBoard(t, 1)
	b.slice = 24 * time.Hour
	for i := range 5 {
		addAll(t, b, false, 0, word(uint64(8*i)))
	}
	b.Resume()
	if b.rotator == nil || !b.rotator.awake {
		t.Fatal("nobody gives turns")
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	<-b.rotator.done
}

// TestPausedBoard: nobody is given a turn while the program is stopped, and the rotator
// sleeps.
func TestPausedBoard(t *testing.T) {
	b, d := fakeBoard(t, 1)
	for i := range 5 {
		addAll(t, b, false, 0, word(uint64(8*i)))
	}
	r := &rotator{b: b, own: boundTo(-1)}
	b.rotator, r.awake = r, true
	run(b, 1, 1000)
	sets := d.opened[1].sets
	r.round(time.Now())
	if d.opened[1].sets != sets || r.awake {
		t.Errorf("a turn while paused; awake %v", r.awake)
	}
	b.paused = false
	r.round(time.Now())
	if d.opened[1].sets == sets || !r.awake {
		t.Errorf("no turn while it runs; awake %v", r.awake)
	}
	sets = d.opened[1].sets
	ln := b.lanes[1]
	b.paused = true // between the round's beginning and the turn
	run(b, 1, 1000)
	r.turn(ln)
	if d.opened[1].sets != sets {
		t.Error("a turn while paused")
	}
	b.rotator = nil
}

// TestNearestProcessorFirst: the rotator begins where it is.
func TestNearestProcessorFirst(t *testing.T) {
	r := &rotator{own: boundTo(2)}
	due := []turn{{cpu: 0}, {cpu: 3}, {cpu: 2}, {cpu: -1}, {cpu: 2}}
	slices.SortFunc(due, func(s, t turn) int { return r.rank(s.cpu) - r.rank(t.cpu) })
	for i, t1 := range due {
		if i < 3 && t1.cpu > 2 || i == 4 && t1.cpu != 3 {
			t.Errorf("%v", due)
		}
	}
}

// TestSmooth: one round that costs a lot does not stretch the slices much, and rounds that
// go on costing a lot do.
func TestSmooth(t *testing.T) {
	const usual, spike = 60 * time.Microsecond, 10 * time.Millisecond
	var mean time.Duration
	for range 50 {
		mean = smooth(mean, usual)
	}
	if mean < usual*9/10 || mean > usual {
		t.Errorf("after 50 rounds of %v the mean is %v", usual, mean)
	}
	if once := smooth(mean, spike); once > 2*usual {
		t.Errorf("one round of %v makes of %v a mean of %v", spike, mean, once)
	}
	for range 50 {
		mean = smooth(mean, spike)
	}
	if mean < spike*9/10 {
		t.Errorf("after 50 rounds of %v the mean is %v", spike, mean)
	}
}

// TestDueOnce: a thread that was asked for a turn has it at its next stop, be that a hit,
// and not again when the nudge arrives.
func TestDueOnce(t *testing.T) {
	b, d := fakeBoard(t, 1)
	ln := b.lanes[1]
	for i := range 5 {
		if err := b.Add(Config{Entries: []*Entry{word(uint64(0x10 + 8*i))}}); err != nil {
			t.Fatal(err)
		}
	}
	on := func() []uint64 { return slices.Clone(d.opened[1].on()) }
	run(b, 1, 1000)
	before := on()
	if _, _, err := b.Fired(nil, ln.th, &ptrace.Siginfo{}); err != nil || !slices.Equal(on(), before) {
		t.Errorf("a hit changed what is on from %#x to %#x (%v)", before, on(), err)
	}
	ln.due = true
	if _, _, err := b.Fired(nil, ln.th, &ptrace.Siginfo{}); err != nil || slices.Equal(on(), before) {
		t.Errorf("due, and after a hit still on: %#x (%v)", on(), err)
	}
	run(b, 1, 1000)
	after := on()
	if err := b.Turn(ln.th); err != nil || !slices.Equal(on(), after) {
		t.Errorf("the nudge came late: from %#x to %#x (%v)", after, on(), err)
	}
	run(b, 1, 1000)
	if err := nudge(b, ln); err != nil || slices.Equal(on(), after) {
		t.Errorf("due again, and still on: %#x (%v)", on(), err)
	}
}
