package backend

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var writeTables = flag.Bool("conformance.write", false, "write the tables into docs/conformance.md instead of comparing them")

// themes are all of them, in the order of the document.
var themes = []theme{storeTheme, stringTheme, kernelTheme, memoryTheme, threadTheme, rawTheme}

// TestConformanceDocument: docs/conformance.md has the tables that the tests go by.
func TestConformanceDocument(t *testing.T) {
	const (
		name  = "../docs/conformance.md"
		begin = "<!-- tables -->\n"
		end   = "<!-- end of tables -->\n"
	)
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok1 := strings.Cut(string(data), begin)
	is, after, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatalf("%s does not say where the tables are", name)
	}
	want := themeTables()
	switch {
	case is == want:
	case *writeTables:
		if err := os.WriteFile(name, []byte(before+begin+want+end+after), 0o600); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s has other tables than the tests; go test ./backend -run TestConformanceDocument -conformance.write writes them", name)
	}
}

// themeTables are the themes as text: what is expected wherever nothing else is said, and what is
// said otherwise.
func themeTables() string {
	var b strings.Builder
	names := map[string]bool{}
	for _, th := range themes {
		fmt.Fprintf(&b, "\n### %s\n\n| scenario | what the program does | watched | hits of each | otherwise |\n|---|---|---|---|---|\n", th.name)
		for _, sc := range th.scenarios {
			if names[th.name+sc.name] {
				panic("two scenarios are called " + sc.name)
			}
			names[th.name+sc.name] = true
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", sc.name, sc.does, watchedText(&sc), figuresText(sc.want), otherwise(&sc))
		}
	}
	return b.String() + "\n"
}

func watchedText(sc *scenario) string {
	all := make([]string, len(sc.watch))
	for i, e := range sc.watch {
		all[i] = "`" + strings.ReplaceAll(e, "main.", "") + "`"
	}
	return strings.Join(all, ", ")
}

func figuresText(all []figures) string {
	text := make([]string, len(all))
	for i, f := range all {
		text[i] = f.String()
	}
	return strings.Join(text, "; ")
}

func otherwise(sc *scenario) string {
	var all []string
	for _, d := range sc.differs {
		all = append(all, fmt.Sprintf("%s: %s (%s)", d.at.name, figuresText(d.want), d.why))
	}
	return strings.Join(all, "; ")
}
