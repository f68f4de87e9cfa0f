package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/argusdbg/argus/backend"
)

func TestSelectorFlag(t *testing.T) {
	var s scoping
	f := &selectorFlag{&s}
	for _, text := range []string{"func=main.worker", "label=job=3"} {
		if err := f.Set(text); err != nil {
			t.Fatal(err)
		}
	}
	if want := (backend.Selector{Func: "main.worker", Label: "job=3"}); s.on != want {
		t.Errorf("%+v", s.on)
	}
	for text, want := range map[string]string{"func=main.other": "given twice", "18": "write id=18", "id=0": "numbers from 1"} {
		if err := f.Set(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestWatchIn: a local variable is watched in each call, and the summary adds them up.
func TestWatchIn(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := runArgus(t, "watch", "--driver", driver, "--in", "main.descend", "-w", "depth", "-w", "main.total", workersPath, "--", "recursion", "3", "2")
		lines := splitLines(r.stdout)
		if r.status != 0 || r.stderr != "" || len(lines) < 4 {
			t.Fatalf("status %d, %s%s", r.status, r.stdout, r.stderr)
		}
		hit := regexp.MustCompile(`^ +[0-9.]+  (depth \(call (\d)(?:, depth (\d))?\)) +(\d) -> (\d)  +1 runtime\.main +\d+  main\.descend +\S+/main\.go:\d+$`)
		last, hits := map[string]string{}, 0
		for _, line := range lines {
			m := hit.FindStringSubmatch(line)
			if m == nil {
				continue
			}
			hits++
			depth := m[3]
			if depth == "" {
				depth = "1"
			}
			if was := last[m[2]]; m[2] != depth || was != m[4] && !(was == "" && m[4] == "0") {
				t.Errorf("after %q: %s", was, line)
			}
			last[m[2]] = m[5]
		}
		want := []string{"WATCHPOINT  CALLS  HITS  COVERAGE  LOST", "depth           3    12  exact        0", "main.total            3  exact        0"}
		if got := lines[len(lines)-3:]; hits != 12 || strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("%d hits of depth:\n%s", hits, r.stdout)
		}
	})
}

// TestWatchInJSON: a line says in which call the variable is.
func TestWatchInJSON(t *testing.T) {
	r := runArgus(t, "watch", "--json", "--in", "main.call", "-w", "local", "--if", "new == 2", workersPath, "--", "calls", "4", "3")
	all := events(t, splitLines(r.stdout))
	hits := only(all, "hit")
	if len(hits) != 4 {
		t.Fatalf("%d hits: %s%s", len(hits), r.stdout, r.stderr)
	}
	for i, h := range hits {
		if h["watch"] != "local" || h["in"] != "main.call" || h["call"] != float64(i+1) || h["depth"] != 1.0 || h["new"] != "2" {
			t.Errorf("%v", h)
		}
	}
	w := summaryOf(t, all)[0]
	if w["calls"] != 4.0 || w["unwatched_calls"] != 0.0 || w["others"] != 0.0 || w["hits"] != 12.0 || w["reported"] != 4.0 || w["coverage"] != "exact" || w["type"] != "int" {
		t.Errorf("%v", w)
	}
}

// TestGoroutineFlag: others' writes are counted in the summary, which says what that is.
func TestGoroutineFlag(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := runArgus(t, "watch", "--driver", driver, "--goroutine", "label=job=1", "-w", "main.total", workersPath, "--", "shared", "3", "5")
		lines := splitLines(r.stdout)
		if r.status != 0 || strings.Count(r.stdout, " main.shared.func1 ") != 5 || len(lines) < 4 {
			t.Fatalf("status %d, %s%s", r.status, r.stdout, r.stderr)
		}
		tail := strings.Join(lines[len(lines)-4:], "|")
		if want := "WATCHPOINT  HITS  COVERAGE  OTHERS  LOST|main.total     5  exact         10     0|OTHERS counts"; !strings.HasPrefix(tail, want) {
			t.Errorf("got %s", tail)
		}
	})
}

// TestGoroutineFunction: func= names the function of local variables too.
func TestGoroutineFunction(t *testing.T) {
	r := runArgus(t, "watch", "-q", "--json", "--goroutine", "func=main.oddly", "-w", "each", "-w", "main.total", workersPath, "--", "shared", "4", "5")
	all := summaryOf(t, events(t, splitLines(r.stdout)))
	if len(all) != 2 || all[0]["calls"] != 2.0 || all[1]["calls"] != 0.0 || all[1]["hits"] != 10.0 || all[1]["others"] != 10.0 {
		t.Errorf("%v%s", all, r.stderr)
	}
}

// TestScopingErrors: each says what is wrong with the flags.
func TestScopingErrors(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"--in main.worker -w summ", "did you mean sum?"},
		{"--in main.wroker -w sum", `did you mean main.worker`},
		{"--in main.worker -w main.nothing", "main.worker has no local variable that is in main.nothing"},
		{"--goroutine func=main.nobody -w main.total", `location "main.nobody" not found`},
		{"--goroutine 18 -w main.total", "write id=18, func=main.worker or label=KEY=VALUE"},
	} {
		args := append(append([]string{"watch"}, strings.Fields(c.args)...), workersPath, "--", "sums", "1", "1")
		if r := runArgus(t, args...); r.status != 125 || !strings.Contains(r.stderr, c.want) {
			t.Errorf("%s: status %d, %s", fmt.Sprint(args), r.status, r.stderr)
		}
	}
}
