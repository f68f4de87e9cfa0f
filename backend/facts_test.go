package backend

import (
	"context"
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// TestFacts: the length of a map, and bytes as text.
func TestFacts(t *testing.T) {
	s := atValues(t, testkit.Debug, "values")
	list := locals(t, s)
	for name, want := range map[string]string{
		"byName": "len() len(byName) 1 int", "bytes": `string()  "tèst" string`, "runes": `string()  "tèst" string`,
		"big": "len() len(big) 66 int", "ints": "", "emptyMap": "", "st": "",
	} {
		v := byName(t, list, name)
		facts, err := s.Facts(context.Background(), v, Load{})
		if err != nil || len(facts) != v.Facts {
			t.Fatalf("%s: %v, %v; it says %d", name, facts, err, v.Facts)
		}
		got := ""
		for _, f := range facts {
			got += strings.Join([]string{f.Name, f.Expr, f.Value, f.Type}, " ")
		}
		if got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	facts, err := s.Facts(context.Background(), byName(t, list, "bytes"), Load{String: 2, Raw: true})
	if err != nil || facts[0].Value != "t\xc3...+3 more" {
		t.Errorf("%v, %v", facts[0], err)
	}
}
