package sched

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// TestStudent integrates the density: what lies within the quantile must be
// 99.73 %, or a little more.
func TestStudent(t *testing.T) {
	for df := 2.0; df <= 200; df++ {
		a, _ := math.Lgamma((df + 1) / 2)
		b, _ := math.Lgamma(df / 2)
		c := math.Exp(a-b) / math.Sqrt(df*math.Pi)
		within := func(q float64) float64 {
			const steps = 4000
			sum := 0.0
			for i := range steps {
				x := q * (float64(i) + 0.5) / steps
				sum += math.Pow(1+x*x/df, -(df+1)/2)
			}
			return 2 * c * sum * q / steps
		}
		const want = 0.9973002
		if q := student(df); within(q) < want-1e-6 || within(q/1.07) > want {
			t.Errorf("%v degrees of freedom: within %v are %v, within %v %v", df, q, within(q), q/1.07, within(q/1.07))
		}
	}
}

// TestSums: the sums are those of the samples, computed the long way.
func TestSums(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(3, 20).Draw(t, "n")
		var s sums
		var turns []turn
		hits, run := 0.0, 0.0
		for range n {
			x := turn{Time(rapid.IntRange(1, 1e9).Draw(t, "time")), uint64(rapid.IntRange(0, 1e6).Draw(t, "hits"))}
			turns = append(turns, x)
			s.add(x)
			hits += float64(x.hits)
			run += float64(x.time)
		}
		enabled := run * rapid.Float64Range(1.01, 100).Draw(t, "scale")
		f, r, residual := run/enabled, hits/run, 0.0
		for _, x := range turns {
			d := float64(x.hits) - r*float64(x.time)
			residual += d * d
		}
		nn := float64(n)
		more := 4.5 * math.Pow(residual/max(hits, 1), 2)
		sampling := student(nn-1) * enabled / run * math.Sqrt((1-f)*(nn/(nn-1)*residual+more))
		counting := 3 * math.Sqrt((hits+4.5)*(enabled-run)*enabled) / run
		got := s.estimate(hits, run, enabled)
		edges := (enabled/run - 1) * min(nn, hits) / 2
		want := Estimate{hits * enabled / run, max(sampling, counting) + edges, true}
		if math.Abs(got.Hits-want.Hits) > 1e-9*want.Hits || math.Abs(got.Err-want.Err) > 1e-5*want.Err+1e-3 || !got.Known {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	})
}

func TestEstimateEdges(t *testing.T) {
	p := newFake("data", 1)
	s := New(Config{})
	l := s.NewLane(nil, nil, 0)
	a, b := one(t, s.Process(), p, "a", 1, false).events[0], one(t, s.Process(), p, "b", 1, false).events[0]
	loose := &Event{Name: "in no group"}
	if got := loose.Estimate(); got != (Estimate{Known: true}) {
		t.Errorf("in no group: %+v", got)
	}
	loose.Hit(l)
	if x := loose.Times(); x != (Times{Hits: 1, Unplaced: 1}) || loose.On(l) {
		t.Errorf("in no group: %+v", x)
	}
	ok(t, l.Update(0))
	l.Advance(10)
	a.Hit(l)
	if got := a.Estimate(); got != (Estimate{Hits: 1, Known: true}) {
		t.Errorf("always on: %+v", got)
	}
	if got := b.Estimate(); got != (Estimate{}) {
		t.Errorf("never on: %+v", got)
	}
	for now := Time(10); now <= 40; now += 10 { // b, a, b, a
		ok(t, l.Turn(now))
	}
	// a was on for 10 and 10 and is on since 40, which is no time yet.
	if got := a.Estimate(); got != (Estimate{Hits: 2}) {
		t.Errorf("after two turns: %+v", got)
	}
	l.Advance(45)
	got := a.Estimate()
	if got.Hits != 1*45./25 || !got.Known || got.Err < 1 {
		t.Errorf("in the third turn: %+v", got)
	}
	// A late hit belongs to the last turn: two now, and again one each.
	b.Hit(l)
	ok(t, l.Turn(50)) // b is on
	b.Hit(l)
	if b.Times().Unplaced != 0 || b.Times().Hits != 2 {
		t.Errorf("late hits: %+v", b.Times())
	}
	if x := b.turns; x.n != 2 || x.h != 1 || x.t != 20 {
		t.Errorf("the turns before have %+v", x)
	}
}

// TestEstimateHolds: the true number is within the bound as often as it says,
// for writers of several kinds on random turns.
func TestEstimateHolds(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	poisson := func(mean float64) (n uint64) {
		for x := rng.ExpFloat64(); x < mean; x += rng.ExpFloat64() {
			n++
		}
		return n
	}
	for _, c := range []struct {
		name  string
		write func(slice int) uint64
		worst int // misses of 300 that are allowed
	}{
		{"steady", func(int) uint64 { return 10 }, 0},
		{"poisson", func(int) uint64 { return poisson(3) }, 3},
		{"rare", func(int) uint64 { return poisson(0.02) }, 3},
		{"bursts", func(int) uint64 { return poisson(0.1) * 20 }, 8},
	} {
		const runs = 300
		misses := 0
		for range runs {
			p := newFake("data", 4)
			s := New(Config{})
			l := s.NewLane(nil, nil, 0)
			var events []*Event
			for i := range 12 {
				events = append(events, one(t, s.Process(), p, string(rune('a'+i)), 1, false).events[0])
			}
			ok(t, l.Update(0))
			e := events[rng.IntN(12)]
			wrote := uint64(0)
			for now := Time(1); now <= 150; now++ {
				n := c.write(int(now))
				wrote += n
				for range n {
					if e.On(l) {
						e.Hit(l)
					}
				}
				ok(t, l.Turn(now))
			}
			if x := e.Estimate(); !x.Known || math.Abs(x.Hits-float64(wrote)) > x.Err+1e-9 {
				misses++
			}
		}
		if misses > c.worst {
			t.Errorf("%s: the true number was outside in %d of %d", c.name, misses, runs)
		} else {
			t.Logf("%s: the true number was outside in %d of %d", c.name, misses, runs)
		}
	}
}

// TestUneven: what hits take of the time widens the bound by as much as it can have
// changed the program's speed, and no more.
func TestUneven(t *testing.T) {
	for _, c := range []struct {
		name         string
		on, running  Time
		all, enabled Time
		least, most  float64
	}{
		{"no hits", 0, 100, 0, 300, 0, 0},
		{"alike", 40, 100, 120, 300, 0, 1e-9},
		{"alike, and more than there can be", 150, 100, 450, 300, 0, 1e-9},
		{"seldom, among what is hit", 0, 100, 90, 300, 0.29, 0.31},
		{"hit, among what is not", 50, 100, 50, 300, 0.66, 0.67},
		{"hit all the time, among what is not", 100, 100, 100, 300, 6, 8},
		{"never on", 0, 0, 10, 300, 0, 0},
	} {
		got := (&Times{Running: c.running, Enabled: c.enabled, StalledOn: c.on, Stalled: c.all}).uneven()
		if got < c.least || got > c.most {
			t.Errorf("%s: %v, want %v to %v", c.name, got, c.least, c.most)
		}
	}
}

// TestStall: a hit's time is told of whoever is on, and of all who want to be.
func TestStall(t *testing.T) {
	p := newFake("data", 1)
	s := New(Config{})
	l := s.NewLane(nil, nil, 0)
	a, b := one(t, s.Process(), p, "a", 1, false).events[0], one(t, s.Process(), p, "b", 1, false).events[0]
	ok(t, l.Update(0))
	for now := Time(100); now <= 1000; now += 100 {
		l.Advance(now)
		on := a
		if b.On(l) {
			on = b
		}
		for range 3 {
			on.Hit(l)
		}
		if on == a { // its hits alone take all of the time
			l.Stall(95)
		}
		ok(t, l.Turn(now))
	}
	for _, e := range []*Event{a, b} {
		x := e.Times()
		want := Time(0)
		if e == a {
			want = 5 * 95
		}
		if x.Stalled != 5*95 || x.StalledOn != want {
			t.Errorf("%s: stalled %d, while on %d, want %d and %d", e.Name, x.Stalled, x.StalledOn, 5*95, want)
		}
	}
	if est := a.Estimate(); est.Known {
		t.Errorf("what was hit all the time is said to be known: %+v", est)
	}
	if est := b.Estimate(); !est.Known || est.Err < est.Hits*0.4 || est.Hits != 30 {
		t.Errorf("what was on when nothing was hit: %+v", est)
	}
	l.Close(1000)
	l.Stall(10)
	if x := a.Times(); x.Stalled != 5*95 {
		t.Errorf("a closed lane is stalled: %+v", x)
	}
}
