package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParseOptions(t *testing.T) {
	got, err := parseOptions(nil, new(bytes.Buffer))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.packages, []string{"pkg/proc"}) || !slices.Equal(got.backends, []string{"native", "argus"}) || got.timeout != 3*time.Minute {
		t.Errorf("defaults: %+v", got)
	}
	got, err = parseOptions([]string{"-pkg", "./service/test, pkg/proc,pkg/proc", "-backend", "argus", "-run", "TestA", "-timeout", "1m", "-json", "-v", "-log", "d"}, new(bytes.Buffer))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.packages, []string{"service/test", "pkg/proc"}) || !slices.Equal(got.backends, []string{"argus"}) ||
		got.run != "TestA" || got.timeout != time.Minute || !got.json || !got.verbose || got.logDir != "d" {
		t.Errorf("got %+v", got)
	}
}

func TestWrongUsage(t *testing.T) {
	for _, tc := range []struct {
		args []string
		want string
	}{
		{[]string{"-backend", "rr"}, "argus, native or both"},
		{[]string{"-run", "("}, "-run"},
		{[]string{"-timeout", "0s"}, "-timeout"},
		{[]string{"-pkg", "../x"}, "-pkg"},
		{[]string{"-pkg", ""}, "-pkg"},
		{[]string{"pkg/proc"}, "-pkg pkg/proc"},
		{[]string{"-nosuchflag"}, "nosuchflag"},
	} {
		var stdout, stderr bytes.Buffer
		if got := runMain(tc.args, &stdout, &stderr); got != statusCannotRun || !strings.Contains(stderr.String(), tc.want) || stdout.Len() > 0 {
			t.Errorf("%q: status %d, printed %q and %q", tc.args, got, &stdout, &stderr)
		}
	}
}

func TestHelp(t *testing.T) {
	var stderr bytes.Buffer
	if got := runMain([]string{"-h"}, new(bytes.Buffer), &stderr); got != statusLevel || !strings.Contains(stderr.String(), "-backend") {
		t.Errorf("status %d, printed %q", got, &stderr)
	}
}
