package main

import (
	"slices"
	"testing"

	"github.com/argusdbg/argus/backend"
)

// TestWatchFlag: order is kept over both flags, and commas split nothing.
func TestWatchFlag(t *testing.T) {
	var o options
	w, rw := &watchFlag{&o, backend.Write}, &watchFlag{&o, backend.ReadWrite}
	for _, set := range []struct {
		flag *watchFlag
		expr string
	}{{w, "main.f(1, 2)"}, {rw, " main.a[3] "}, {w, "*(*[2]int32)(0x10)"}} {
		if err := set.flag.Set(set.expr); err != nil {
			t.Error(err)
		}
	}
	want := []watchArg{{"main.f(1, 2)", backend.Write, 0}, {"main.a[3]", backend.ReadWrite, 0}, {"*(*[2]int32)(0x10)", backend.Write, 0}}
	if !slices.Equal(o.watches, want) {
		t.Errorf("got %v", o.watches)
	}
	if w.Set(" ") == nil {
		t.Error("an empty expression is accepted")
	}
}

func TestStackDepth(t *testing.T) {
	for text, want := range map[string]stackDepth{"true": maxStack, "1": 1, "32": 32, "0": -1, "33": -1, "x": -1, "": -1, "-1": -1} {
		d := stackDepth(-1)
		if err := d.Set(text); d != want || (err != nil) != (want < 0) {
			t.Errorf("%q: %d, %v", text, d, err)
		}
	}
}

func TestSplitWords(t *testing.T) {
	for text, want := range map[string][]string{
		"":                          nil,
		"  ":                        nil,
		"-race":                     {"-race"},
		" -race  -tags=a,b ":        {"-race", "-tags=a,b"},
		`-ldflags='-X main.v=1 -w'`: {"-ldflags=-X main.v=1 -w"},
		`'-ldflags=-X "a b"' -v`:    {`-ldflags=-X "a b"`, "-v"},
		`-x "" ''`:                  {"-x", "", ""},
		`a"b"'c'd`:                  {"abcd"},
	} {
		if got, err := splitWords(text); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	for _, text := range []string{`"`, `a 'b`, `'a" b`} {
		if got, err := splitWords(text); err == nil {
			t.Errorf("%q: %q and no error", text, got)
		}
	}
}

func TestFollowDepth(t *testing.T) {
	for text, want := range map[string]followDepth{"true": 1, "1": 1, "5": 5, "all": -1, "0": 7, "-1": 7, "x": 7, "": 7} {
		d := followDepth(7)
		if err := d.Set(text); d != want || (err == nil) != (want != 7) {
			t.Errorf("%q: %d, %v; want %d", text, d, err, want)
		}
	}
}
