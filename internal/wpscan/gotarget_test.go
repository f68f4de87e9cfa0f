package wpscan

import (
	"bufio"
	"debug/elf"
	"os/exec"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// startGo starts a scenario that says that it is ready, and then runs by itself.
func startGo(t testing.TB, scenario string) *target {
	t.Helper()
	testkit.Watchdog(t)
	x := &target{t: t, cmd: exec.Command(testkit.Scenarios(t, testkit.Optimized), scenario)}
	out, err := x.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := x.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	x.out = bufio.NewReader(out)
	t.Cleanup(x.end)
	if line := x.line(); line != "ready" {
		t.Fatalf("it said %q", line)
	}
	return x
}

func goSymbol(t testing.TB, name string) uint64 {
	t.Helper()
	f, err := elf.Open(testkit.Scenarios(t, testkit.Optimized))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := f.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if s.Name == name {
			return s.Value
		}
	}
	t.Fatalf("the target has no %s", name)
	return 0
}
