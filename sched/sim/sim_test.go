package sim

import (
	"errors"
	"math"
	"reflect"
	"testing"

	"github.com/argusdbg/argus/sched"
	"pgregory.net/rapid"
)

const ms = sched.Time(1e6)

// TestTruth: what the scheduler claims is held against what was true, in
// simulations of all kinds.
func TestTruth(t *testing.T) {
	exact, covered := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		c := Config{
			Policy:     rapid.SampledFrom([]sched.Policy{nil, sched.Weighted{}, sched.Adaptive{}}).Draw(t, "policy"),
			Seed:       rapid.Uint64().Draw(t, "seed"),
			Slots:      4,
			Lanes:      rapid.IntRange(1, 5).Draw(t, "lanes"),
			Goroutines: rapid.IntRange(0, 6).Draw(t, "goroutines"),
			Slice:      2 * ms, Stay: 3 * ms, Duration: 300 * ms,
		}
		kinds := []sched.Kind{sched.Process, sched.Thread, sched.Goroutine}
		for range rapid.IntRange(1, 12).Draw(t, "variables") {
			v := Variable{
				Name: "v", Of: rapid.SampledFrom(kinds).Draw(t, "of"),
				Slots: rapid.IntRange(0, 2).Draw(t, "slots"), Weight: rapid.IntRange(0, 4).Draw(t, "weight"),
				Every: sched.Time(rapid.IntRange(0, 50).Draw(t, "every")) * ms,
				Burst: rapid.IntRange(0, 5).Draw(t, "burst"), Gap: ms,
			}
			if v.Of == sched.Goroutine && c.Goroutines == 0 {
				v.Of = sched.Process
			}
			c.Variables = append(c.Variables, v)
		}
		r, err := Run(c)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Run(c)
		if err != nil || !reflect.DeepEqual(r, again) {
			t.Fatalf("another result of the same: %v", err)
		}
		for _, o := range r.Variables {
			x := o.Times
			want := map[sched.Kind]sched.Time{sched.Process: c.Duration * int64(c.Lanes), sched.Thread: c.Duration}[o.Variable.Of]
			if x.Enabled != x.Running+x.Clean+x.Blind || want != 0 && x.Enabled != want {
				t.Fatalf("%+v, want %d enabled", x, want)
			}
			if x.Hits > o.Writes || x.Unplaced != 0 {
				t.Fatalf("%d writes, but %+v", o.Writes, x)
			}
			// The contract: who claims that nothing is blind has missed nothing.
			if x.Blind == 0 && x.Hits != o.Writes {
				t.Fatalf("%d writes, and nothing blind in %+v", o.Writes, x)
			}
			switch {
			case x.Running == x.Enabled:
				exact++
			case x.Blind == 0 && o.Writes > 0:
				covered++
			}
			if k := len(c.Variables); c.Goroutines == 0 && o.LongestWait > k {
				t.Fatalf("waited for %d turns, of %d", o.LongestWait, k)
			}
		}
	})
	if !testing.Short() && (exact == 0 || covered == 0) { // few runs can be all of one kind
		t.Errorf("%d exact, %d covered: these simulations prove nothing", exact, covered)
	}
}

// TestEstimate: the true number of writes is within the stated error.
func TestEstimate(t *testing.T) {
	c := Config{Slots: 4, Lanes: 4, Slice: 2 * ms, Duration: 2000 * ms}
	for range 12 {
		c.Variables = append(c.Variables, Variable{Name: "v", Every: ms})
	}
	for seed := range uint64(5) {
		c.Seed = seed
		r, err := Run(c)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range r.Variables {
			if e := o.Estimate; !e.Known || math.Abs(e.Hits-float64(o.Writes)) > e.Err || e.Err > float64(o.Writes)/2 {
				t.Errorf("%d writes, estimated %+v", o.Writes, e)
			}
			if s := o.Share(); s < 0.3 || s > 0.37 {
				t.Errorf("share %v of 1/3", s)
			}
			if o.Caught() < 0 || o.LongestWait != 2 || o.LongestOff < 4*ms || o.LongestOff > 6*ms {
				t.Errorf("caught after %d, waited for %d turns, %d ns", o.Caught(), o.LongestWait, o.LongestOff)
			}
		}
	}
}

// TestSpans: what is shown adds up to what ran.
func TestSpans(t *testing.T) {
	r, err := Run(Config{Slots: 1, Lanes: 2, Slice: ms, Duration: 20 * ms, Variables: []Variable{
		{Name: "a", Of: sched.Thread, Owner: 1}, {Name: "b", Of: sched.Thread, Owner: 1}, {Name: "c", Of: sched.Thread},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range r.Variables {
		sum := sched.Time(0)
		for _, s := range o.On {
			sum += s.To - s.From
		}
		if sum != o.Times.Running || o.Caught() != -1 {
			t.Errorf("%s: spans of %d, %+v", o.Variable.Name, sum, o)
		}
	}
	if s := r.Variables[2].Share(); s != 1 {
		t.Errorf("alone on its lane, and on for %v", s)
	}
	if r.Turns != 40 || r.Programmed < 2*18 {
		t.Errorf("%+v", r)
	}
	if s := new(Outcome).Share(); s != 0 {
		t.Errorf("share of nothing is %v", s)
	}
}

func TestErrors(t *testing.T) {
	good := Config{Slots: 1, Lanes: 1, Slice: 1, Duration: 1}
	for _, change := range []func(*Config){
		func(c *Config) { c.Slots = 0 },
		func(c *Config) { c.Lanes = 0 },
		func(c *Config) { c.Slice = 0 },
		func(c *Config) { c.Duration = 0 },
		func(c *Config) { c.Goroutines = -1 },
		func(c *Config) { c.Goroutines = 1 },
		func(c *Config) { c.Variables = []Variable{{Of: sched.Goroutine}} },
		func(c *Config) { c.Variables = []Variable{{Of: sched.Thread, Owner: 1}} },
		func(c *Config) { c.Variables = []Variable{{Owner: -1}} },
		func(c *Config) { c.Variables = []Variable{{Every: -1}} },
	} {
		c := good
		change(&c)
		if _, err := Run(c); !errors.Is(err, ErrConfig) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	good.Variables = []Variable{{Name: "wide", Slots: 2}}
	var refused *sched.AdmissionError
	if _, err := Run(good); !errors.As(err, &refused) {
		t.Error(err)
	}
}
