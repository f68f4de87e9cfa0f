package main

import (
	"bytes"
	"errors"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"testing"
)

func TestEveryDayEndsOverdrawn(t *testing.T) {
	opening := balance
	defer func() { balance = opening }()
	for range 3 {
		balance = opening
		if left := day(); left >= 0 {
			t.Errorf("%d left in the till", left)
		}
	}
}

func TestThirdVisitOverdraws(t *testing.T) {
	inTill := tellers * amount // at most, and at least nothing
	if before := balance - 2*fee; before < amount || before+inTill >= fee {
		t.Errorf("the third visit finds %d to %d, and takes %d", before, before+inTill, fee)
	}
	if most := balance + tellers*rounds*amount - visits*fee; most >= 0 {
		t.Errorf("a day may end with %d", most)
	}
}

func TestStartFunctions(t *testing.T) {
	opening := balance
	defer func() { balance = opening }()
	mu.Lock() // nobody goes home
	done := make(chan bool)
	go func() { day(); close(done) }()
	var stacks string
	for strings.Count(stacks, "bank.teller(") < tellers || !strings.Contains(stacks, "bank.collector(") {
		var b bytes.Buffer
		if err := pprof.Lookup("goroutine").WriteTo(&b, 2); err != nil {
			t.Fatal(err)
		}
		stacks = b.String()
	}
	mu.Unlock()
	<-done
	for _, wrapper := range []string{"bank.day.gowrap", "bank.day.func", "sync.(*WaitGroup).Go"} {
		if strings.Contains(stacks, wrapper) {
			t.Errorf("a goroutine starts in %s:\n%s", wrapper, stacks)
		}
	}
}

func TestCommand(t *testing.T) {
	bank := filepath.Join(t.TempDir(), "bank")
	if out, err := exec.Command("go", "build", "-o", bank, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, c := range []struct {
		args   []string
		status int
	}{{nil, 0}, {[]string{"-strict"}, 1}} {
		out, err := exec.Command(bank, c.args...).CombinedOutput()
		status := 0
		if exit := new(exec.ExitError); errors.As(err, &exit) {
			status = exit.ExitCode()
		}
		if status != c.status || !strings.HasPrefix(string(out), "balance: -") || !strings.HasSuffix(string(out), "\noverdrawn!\n") {
			t.Errorf("%v: status %d\n%s", c.args, status, out)
		}
	}
}
