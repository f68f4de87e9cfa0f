package main

import (
	"strings"
	"testing"
)

func TestShow(t *testing.T) {
	for _, c := range []struct {
		unit  unit
		value float64
		want  string
	}{
		{nanoseconds, 0.5, "0.50 ns"}, {nanoseconds, 1, "1.00 ns"}, {nanoseconds, 999, "999 ns"}, {nanoseconds, 24512, "24.5 us"},
		{nanoseconds, 1.5e6, "1.50 ms"}, {nanoseconds, 2.25e9, "2.25 s"},
		{byteCount, 12, "12.0 B"}, {byteCount, 2048, "2.00 KiB"}, {byteCount, 81 << 20, "81.0 MiB"}, {byteCount, 3 << 30, "3.00 GiB"},
	} {
		if got := c.unit.show(c.value); got != c.want {
			t.Errorf("%g %s: got %q, want %q", c.value, c.unit, got, c.want)
		}
	}
}

func TestSignificant(t *testing.T) {
	for v, want := range map[float64]string{1234: "1234", 99.96: "100", 12.34: "12.3", 9.996: "10.0", 1.234: "1.23", 0.5: "0.50", 0.00213: "0.0021"} {
		if got := significant(v); got != want {
			t.Errorf("%g: got %q, want %q", v, got, want)
		}
	}
}

// someOutcome has one of each: figures, a reason, failures.
func someOutcome() *outcome {
	o := &outcome{Case: "a-case", Title: "what is <measured>", Unit: nanoseconds, CPU: true, Tools: []*figures{
		turnsOf(argus, 10_000, 20_000), turnsOf(delve, 1e6, -1), {Tool: gdb, Cannot: "not installed"}, turnsOf(floor, -1, -1),
	}}
	o.conclude([]goal{{Of: delve, To: argus, AtLeast: 200}, {Of: argus, To: floor, AtMost: 1.3}, {Of: delve, To: argus, AtLeast: 50}})
	return o
}

func TestWriteText(t *testing.T) {
	var b strings.Builder
	m := machine{Kernel: "6.18", Architecture: "amd64", Processors: 2, Go: "go1.26", Delve: "v1.27.2", Load: [2]string{"1 2 3", "4 5 6"}}
	if err := writeText(&b, m, 2, []*outcome{someOutcome()}); err != nil {
		t.Fatal(err)
	}
	// Columns may become wider; what is in them stays.
	got := strings.Join(strings.Fields(b.String()), " ")
	for _, want := range []string{
		"Linux 6.18, amd64, 2 processors; go1.26, Delve v1.27.2, GDB not installed; as an ordinary user.",
		"Load before: 1 2 3; after: 4 5 6. Medians of 2 turns",
		"a-case: what is <measured>",
		"argus 1.50 us (1.00 us to 2.00 us) elapsed 15.0 us saw 2 of 4",
		"delve 100 us (100 us to 100 us) elapsed 1.00 ms 100 x argus (100 to 100) saw 1 of 2 1 of 2 turns failed: it fell",
		"gdb cannot: not installed",
		"floor failed: it fell",
		"goal: delve at least 200 x argus: missed, 100 (by 50%)",
		"goal: argus at most 1.30 x floor: not measured",
		"goal: delve at least 50.0 x argus: met, 100 (100% better)",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}
