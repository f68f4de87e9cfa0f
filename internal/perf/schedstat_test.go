package perf

import (
	"errors"
	"fmt"
	"os"
	"testing"
)

func TestSchedClock(t *testing.T) {
	x := start(t)
	x.hire(1)
	c, err := OpenSchedClock(x.tid(1))
	must(t, err)
	defer c.Close()
	x.order(1, opSpin, 0, 0)
	for last := int64(0); last < 20e6; {
		now, err := c.Now()
		must(t, err)
		if now < last {
			t.Fatalf("%d after %d ns", now, last)
		}
		last = now
	}
	x.rest(1)
	tid := x.tid(1)
	x.leave(1)
	if _, err := c.Now(); !errors.Is(err, ErrGone) {
		t.Errorf("got %v", err)
	}
	if _, err := OpenSchedClock(tid); !errors.Is(err, ErrGone) {
		t.Errorf("got %v", err)
	}
	must(t, c.Close())
	if _, err := c.Now(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func TestSchedClockAllocates(t *testing.T) {
	c, err := OpenSchedClock(os.Getpid())
	must(t, err)
	defer c.Close()
	if n := testing.AllocsPerRun(100, func() { _, err = c.Now() }); n != 0 || err != nil {
		t.Errorf("%v allocations, %v", n, err)
	}
}

func FuzzRunTime(f *testing.F) {
	f.Add("123 456 7\n")
	f.Add("")
	f.Add(" 1")
	f.Add("99999999999999999999 1 1\n")
	f.Fuzz(func(t *testing.T, text string) {
		ns, err := runTime([]byte(text))
		if err != nil {
			return
		}
		var back int64
		if _, e := fmt.Sscanf(text, "%d ", &back); e != nil || back != ns || ns < 0 {
			t.Errorf("%q: %d, %d", text, ns, back)
		}
	})
}

func TestRunTime(t *testing.T) {
	if ns, err := runTime([]byte("1234567890123 5 6\n")); ns != 1234567890123 || err != nil {
		t.Errorf("got %d, %v", ns, err)
	}
	for _, text := range []string{"", " ", "x 1 2\n", "12", "-1 2 3\n", "9999999999999999999 1 1\n"} {
		if ns, err := runTime([]byte(text)); err == nil {
			t.Errorf("%q is %d", text, ns)
		}
	}
}
