package guard

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// TestGo: variables of every kind in a Go program with its collector at work; every write is
// seen, one by one.
func TestGo(t *testing.T) {
	for _, c := range []struct {
		mode     testkit.Mode
		settings string
		collect  bool // all the time
		safe     bool
		kinds    []string
	}{
		{testkit.Optimized, "", true, true, []string{"heap", "stack"}},
		{testkit.Optimized, ",gccheckmark=1", true, true, []string{"heap", "stack"}},
		// The runtime's own variables are beside these.
		{testkit.Optimized, "", false, false, []string{"noptrdata", "data", "noptrbss", "bss", "shared"}},
		{testkit.Debug, "", false, true, []string{"noptrdata", "data", "noptrbss", "bss", "shared"}},
	} {
		t.Run(fmt.Sprintf("%s%s collect %v safe %v", c.mode, c.settings, c.collect, c.safe), func(t *testing.T) {
			goProgram(t, "GODEBUG=gcshrinkstackoff=1"+c.settings, c.mode, c.collect, c.safe, c.kinds)
		})
	}
}

func goProgram(t *testing.T, env string, mode testkit.Mode, collect, safe bool, kinds []string) {
	const n, workers = 10, 4
	h := startTarget(t, testkit.Target(t, "guarded", mode), func(cmd *exec.Cmd) {
		cmd.Args = append(cmd.Args, fmt.Sprint(n), fmt.Sprint(workers))
		cmd.Env = append(os.Environ(), env)
		if collect {
			cmd.Args, cmd.Env = append(cmd.Args, "collect"), append(cmd.Env, "GOGC=1")
		}
	}).hold(safe)
	h.open()
	counted := []uint64{}
	for _, kind := range kinds {
		h.add(h.at[kind], 8)
		if kind != "data" && kind != "bss" { // pointers
			counted = append(counted, h.at[kind])
		}
	}
	h.count(counted...)
	changes, last := map[uint64]int{}, map[uint64]uint64{}
	for _, kind := range kinds {
		if a := h.at[kind]; kind == "data" || kind == "bss" {
			changes[a], last[a] = 0, h.word(a)
		}
	}
	h.seen = func(Write) {
		for a := range changes {
			if now := h.word(a); now != last[a] {
				changes[a]++
				last[a] = now
			}
		}
	}
	var said string
	h.run(func() {
		h.order("go")
		said = h.line()
	})
	if want := fmt.Sprint(n+1, n+7, n, n, n*workers, n, n); said != want {
		t.Errorf("it says %s, want %s", said, want)
	}
	for _, a := range counted {
		want := n
		if a == h.at["shared"] {
			want = n * workers
		}
		if h.counts[a] != want {
			t.Errorf("%d writes to %#x seen, want %d", h.counts[a], a, want)
		}
	}
	for a, got := range changes {
		if got != n {
			t.Errorf("%d changes of the pointer at %#x, want %d", got, a, n)
		}
	}
	if _, _, unseen := h.told(); unseen != 0 || h.jumps != 0 {
		t.Errorf("%d unseen, %d jumps", unseen, h.jumps)
	}
}
