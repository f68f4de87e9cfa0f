package record

import (
	"slices"
	"testing"
)

func TestParseList(t *testing.T) {
	for text, want := range map[string][]int{"0": {0}, "0-1": {0, 1}, "0-2,5,7-8": {0, 1, 2, 5, 7, 8}} {
		if got, err := parseList(text); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "x", "3-1", "-1", "0,", "0-99999999"} {
		if got, err := parseList(text); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestRingSize(t *testing.T) {
	for cpus, want := range map[int]int{1: 4 << 20, 2: 4 << 20, 4: 4 << 20, 8: 2 << 20, 32: 512 << 10, 1024: 512 << 10} {
		if got := ringSize(cpus); got != want {
			t.Errorf("%d processors: %d", cpus, got)
		}
	}
}

// TestNextAllocates: records are taken out without allocating.
func TestNextAllocates(t *testing.T) {
	eachMethod(t, func(t *testing.T, m Method) {
		x := launch(t, "stores", "300", "1")
		r := x.record(m, "x", 8, Config{Stack: 8})
		x.runTo("done")
		if err := r.Stop(); err != nil {
			t.Fatal(err)
		}
		var rec Record
		r.Next(&rec) // makes room for one
		if n := testing.AllocsPerRun(100, func() { r.Next(&rec) }); n != 0 {
			t.Errorf("%v allocations", n)
		}
	})
}

// TestOpenErrors: what cannot be recorded is refused, and nothing is left.
func TestOpenErrors(t *testing.T) {
	for _, c := range []Config{{}, {Value: make([]byte, MaxValue+1)}, {Value: make([]byte, 8), Stack: MaxStack + 1}} {
		if r, err := Open(c, Auto); err == nil {
			r.Close()
			t.Errorf("%+v", c)
		}
	}
	if r, err := Open(Config{Value: make([]byte, 8), Filter: Filter{}}, Samples); err == nil {
		r.Close()
		t.Error("samples have no filter")
	}
}
