package gobuild

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestSplitFlags(t *testing.T) {
	for line, want := range map[string][]string{
		"":                                     nil,
		" \t ":                                 nil,
		"-race  -tags=a,b":                     {"-race", "-tags=a,b"},
		"-ldflags='-X main.V=1 2' -race":       {"-ldflags=-X main.V=1 2", "-race"},
		`-ldflags="-X 'main.V=1 2'"`:           {"-ldflags=-X 'main.V=1 2'"},
		`'' "a"b`:                              {"", "ab"},
		"-tags=ä -overlay=/with\\backslash.js": {"-tags=ä", "-overlay=/with\\backslash.js"},
	} {
		if got, err := SplitFlags(line); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v, want %q", line, got, err, want)
		}
	}
	for _, line := range []string{"'", `-a "b`, `'"`} {
		if got, err := SplitFlags(line); err == nil || !strings.Contains(err.Error(), "has no closing") {
			t.Errorf("%s: %q, %v", line, got, err)
		}
	}
}

// Whatever is quoted word by word comes out as it was.
func TestSplitFlagsQuoted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOf(rapid.StringMatching(`[^']*`)).Draw(t, "words")
		line := ""
		for _, w := range words {
			line += " '" + w + "'"
		}
		if got, err := SplitFlags(line); err != nil || !slices.Equal(got, words) {
			t.Fatalf("%q: %q, %v", line, got, err)
		}
	})
}
