package main

import (
	"context"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestNamesTheCollector(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	t.Setenv("TMPDIR", t.TempDir())
	var out strings.Builder
	if err := find(ctx, "../bank", &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`(?m)^balance:  \d+ -> -\d+, write number \d+ to it$`,
		`(?m)^by:       goroutine \d+ \(main\.collector\)$`,
		`(?m)^in:       main\.withdraw, main\.go:\d+$`,
		`(?m)^n:        400$`,
		`(?m)^main.fee: 400$`,
		`stack:\n +main\.withdraw, main\.go:\d+\n +main\.collector, main\.go:\d+\n`,
	} {
		if !regexp.MustCompile(want).MatchString(out.String()) {
			t.Errorf("no match for %s", want)
		}
	}
	if t.Failed() {
		t.Log(out.String())
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
}

// TestWrongPackages: a program that has no balance, and one that does not build.
func TestWrongPackages(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for pkg, want := range map[string]string{
		"../../internal/testkit/targets/scenarios": "main.balance",
		"./none": "build ./none",
	} {
		var out strings.Builder
		if err := find(ctx, pkg, &out); err == nil || !strings.Contains(err.Error(), want) || out.Len() > 0 {
			t.Errorf("%s: error %v, output %q; want an error with %q", pkg, err, out.String(), want)
		}
	}
}
