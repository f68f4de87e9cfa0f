package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// TestMain lets the test binary be the command that turns are taken by.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "turn" {
		if err := takeTurn(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	testkit.Main(m)
}

func TestParseOptions(t *testing.T) {
	o, err := parseOptions([]string{"-case", "^line", "-times", "7", "-for", "2s", "-json", "a", "-svg", "b", "-wall"}, io.Discard)
	if err != nil || !o.match.MatchString("line-false") || o.match.MatchString("watch-false") || o.times != 7 ||
		o.limit.Seconds() != 2 || o.json != "a" || o.svg != "b" || !o.wall {
		t.Errorf("got %+v, %v", o, err)
	}
	for _, bad := range [][]string{{"-case", "("}, {"-times", "0"}, {"-for", "0s"}, {"-for", "1h"}, {"all"}, {"-none"}} {
		var says strings.Builder
		if status := run(t.Context(), bad, io.Discard, &says); status != 2 || says.Len() == 0 {
			t.Errorf("%q: status %d, and it says %q", bad, status, &says)
		}
	}
	if status := run(t.Context(), []string{"-case", "no such case"}, io.Discard, io.Discard); status != 2 {
		t.Errorf("no case: status %d", status)
	}
}

func TestList(t *testing.T) {
	var out strings.Builder
	if status := run(t.Context(), []string{"-list", "-case", "^watch"}, &out, io.Discard); status != 0 {
		t.Errorf("status %d", status)
	}
	if text := out.String(); !strings.Contains(text, "watch-false ") || strings.Contains(text, "line-false") {
		t.Errorf("got %s", text)
	}
}

// programs builds those of the module.
func programs(t *testing.T) string {
	t.Helper()
	testkit.Watchdog(t)
	dir := t.TempDir()
	// What no case below starts has to be there only.
	for _, name := range []string{"parked", "dlv", "work", "compile"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestRun measures one case, briefly: every tool has a figure or says why not, and Argus
// has seen every hit.
func TestRun(t *testing.T) {
	dir := programs(t)
	file, svg := filepath.Join(dir, "json"), filepath.Join(dir, "svg")
	var out, says strings.Builder
	status := run(t.Context(), []string{"-case", "^(watch-false|line-false|watch-goroutine)$", "-times", "1", "-for", "50ms", "-programs", dir, "-json", file, "-svg", svg}, &out, &says)
	if status != 0 {
		t.Fatalf("status %d\n%s\n%s", status, &out, &says)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Cases []*outcome }
	if err := json.Unmarshal(text, &got); err != nil || len(got.Cases) != 3 {
		t.Fatalf("%v, %s", err, text)
	}
	for _, o := range got.Cases {
		for _, f := range o.Tools {
			if len(f.Failures) > 0 && !f.failed() {
				continue // another's, and told
			}
			if (f.Cannot == "") == (f.Spread.N == 0) || f.Spread.N > 0 && f.Spread.Median <= 0 {
				t.Errorf("%s: %+v", o.Case, f)
			}
		}
		if own := o.of(argus); own.Seen == 0 || own.Seen != own.Of {
			t.Errorf("%s: argus saw %d of %d", o.Case, own.Seen, own.Of)
		}
	}
	if chart, err := os.ReadFile(svg); err != nil || !strings.HasPrefix(string(chart), "<svg") {
		t.Errorf("%v, %.80s", err, chart)
	}
	if !strings.Contains(out.String(), "goal: argus at most 1.30 x floor") || !strings.Contains(says.String(), "watch-false 1/1 argus: ") {
		t.Errorf("%s\n%s", &out, &says)
	}
}

// TestTurnFails: what goes wrong in a turn is told, and is no figure.
func TestTurnFails(t *testing.T) {
	dir := programs(t)
	b := hits{what: "x", threads: 1}.benchmark("watch-false", "")
	r, err := turn(t.Context(), &b, argus, setting{Programs: dir, For: 1}) // there is no program hot
	if err != nil || r.Failed == "" || r.Sample != (sample{}) {
		t.Errorf("got %+v, %v", r, err)
	}
	b.name = "no such case"
	if r, err := turn(t.Context(), &b, argus, setting{Programs: dir, For: 1}); err != nil || !strings.Contains(r.Failed, "no such case") {
		t.Errorf("got %+v, %v", r, err)
	}
}
