package main

import (
	"regexp"
	"strings"
	"testing"
)

// TestExplainGoroutine: it says who has found out whose the accesses are, as JSON does.
func TestExplainGoroutine(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := runArgus(t, "watch", "--driver", driver, "--goroutine", "id=1", "-w", "main.x", "--explain", "-q", "--json", scenariosPath, "--", "twice", "10")
		all := summaryOf(t, events(t, splitLines(r.stdout)))
		if r.status != 0 || len(all) != 1 || all[0]["hits"] != 20.0 || all[0]["others"] != 0.0 {
			t.Fatalf("status %d, %s%s", r.status, r.stdout, r.stderr)
		}
		texts := map[any]string{"kernel": "the kernel has let pass what other goroutines did", "stop": "threads have stopped, for it to be seen"}
		if text := texts[all[0]["selected"]]; text == "" || !strings.Contains(r.stderr, text) || strings.Contains(r.stderr, "no condition") {
			t.Errorf("%v: %s", all[0], r.stderr)
		}
		if driver == "ptrace" && all[0]["selected"] != "stop" {
			t.Errorf("%v", all[0])
		}
	})
}

func TestExplainConditions(t *testing.T) {
	for name, c := range map[string]struct {
		cond string
		want []string
		hits string
	}{
		"compiled":     {"new == 3 && old == -2", []string{"main.x: if new == 3 && old == -2: compiled at main.twice (", "main.x: "}, "  20         1  exact"},
		"left":         {"len(main.table) == 9", []string{"left to Delve's evaluator at main.twice (", "len(main.table) is not compiled, 10 times\n", "each hit has stopped its thread for the condition"}, "  20         0  exact"},
		"no condition": {"", []string{"there is no condition\n"}, "  20  exact"},
	} {
		t.Run(name, func(t *testing.T) {
			args := []string{"watch", "-w", "main.x", "--explain", "-q"}
			if c.cond != "" {
				args = append(args, "--if", c.cond)
			}
			r := runArgus(t, append(args, scenariosPath, "--", "twice", "10")...)
			for _, want := range c.want {
				if !strings.Contains(r.stderr, want) {
					t.Errorf("no %q in %s", want, r.stderr)
				}
			}
			// By stop at each write of that line, where the kernel decides at the first.
			if name == "compiled" && !regexp.MustCompile(`\), (and left to the kernel, once|10 times)\n`).MatchString(r.stderr) {
				t.Errorf("how often: %s", r.stderr)
			}
			if r.status != 0 || !strings.Contains(r.stdout, c.hits) {
				t.Errorf("status %d, no %q in %s", r.status, c.hits, r.stdout)
			}
		})
	}
	r := runArgus(t, "watch", "-w", "main.x", "--explain", "-q", "--if", "main.x == 1", scenariosPath, "--", "exit", "0")
	if !strings.Contains(r.stderr, "there was no hit") {
		t.Errorf("no hit: %s", r.stderr)
	}
}
