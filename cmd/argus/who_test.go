package main

import (
	"regexp"
	"strings"
	"testing"
)

// TestWho: the last writers are printed in the end, and nothing before.
func TestWho(t *testing.T) {
	needEvents(t)
	row := regexp.MustCompile(`^ +\d+\.\d{6}  main\.x +(-?\d+ -> -?\d+) +1 runtime\.main +\d+  main\.twice +\S*main\.go:\d+$`)
	for _, c := range []struct {
		flag, cond string
		head       string
		want       []string
	}{
		{"--who=3", "", "main.x was written 40 times, the last 3 by:", []string{"18 -> -18", "-18 -> 19", "19 -> -19"}},
		{"--who=1", "new == 5", "main.x was written 1 time, last by:", []string{"-4 -> 5"}},
		{"--who", "new > 100", "main.x was written 0 times", nil},
		{"--who=2", "i == 7", "main.x was written 2 times, the last 2 by:", []string{"-6 -> 7", "7 -> -7"}},
	} {
		args := []string{"watch", "-w", "main.x", c.flag}
		if c.cond != "" {
			args = append(args, "--if", c.cond)
		}
		r := runArgus(t, append(args, scenariosPath, "--", "twice", "20")...)
		if strings.Contains(r.stdout, "nothing is known") || strings.Contains(r.stdout, "nobody saw") {
			continue // the processor has lost a hit
		}
		var got []string
		for _, line := range splitLines(r.stdout) {
			if m := row.FindStringSubmatch(line); m != nil {
				got = append(got, m[1])
			}
		}
		if r.status != 0 || !strings.Contains(r.stdout, c.head+"\n") || strings.Join(got, ", ") != strings.Join(c.want, ", ") {
			t.Errorf("%v: status %d, %v, want %v\n%s%s", c, r.status, got, c.want, r.stdout, r.stderr)
		}
	}
}

// TestWhoJSON: the same as objects.
func TestWhoJSON(t *testing.T) {
	needEvents(t)
	r := runArgus(t, "watch", "-w", "main.pair.A", "-w", "main.pair.B", "--who=2", "--json", scenariosPath, "--", "fields", "9")
	all := events(t, splitLines(r.stdout))
	heads, writes := only(all, "writers"), only(all, "write")
	if r.status != 0 || len(heads) != 2 || len(writes) != 4 || len(only(all, "hit")) != 0 || len(only(all, "summary")) != 0 {
		t.Fatalf("status %d\n%s%s", r.status, r.stdout, r.stderr)
	}
	for i, h := range heads {
		if h["watch"] != []string{"main.pair.A", "main.pair.B"}[i] || h["type"] != "int64" || h["writes"].(float64)+h["lost"].(float64) != 9 || h["last"] != 2.0 {
			t.Errorf("%v", h)
		}
	}
}

// TestWhoUsage: what means nothing there is refused.
func TestWhoUsage(t *testing.T) {
	for _, args := range [][]string{{"--who=0"}, {"--who=x"}, {"--who", "-rw", "main.x"}, {"--who", "--count", "2"}, {"--who", "--stop-after", "2"},
		{"--who", "--mode", "sampled"}, {"--who", "--group", "main.x,main.quiet"}, {"--who", "--explain"}} {
		r := runArgus(t, append(append([]string{"watch", "-w", "main.x"}, args...), scenariosPath, "--", "exit", "0")...)
		if r.status != 125 || r.stdout != "" || !strings.Contains(r.stderr, "who") {
			t.Errorf("%v: status %d, %s%s", args, r.status, r.stdout, r.stderr)
		}
	}
}
