package vars

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestShorten(t *testing.T) {
	for typ, want := range map[string]string{
		"int": "int", "main.T": "main.T", "net/http.Request": "net/http.Request", "example.com/a/b.T": "b.T",
		"*example.com/a/b.T": "*b.T", "[]*example.com/a/b.T": "[]*b.T", "[8]example.com/a/b.T": "[8]b.T",
		"map[example.com/a/b.K]*example.com/a/c.V":             "map[b.K]*c.V",
		"example.com/a/b.G[example.com/a/b.T,int]":             "b.G[b.T, int]",
		"example.com/a/b.G[example.com/a/b.T, int]":            "b.G[b.T, int]",
		"chan example.com/a/b.T":                               "chan b.T",
		"example.com/a/yaml%2ev2.Node":                         "yaml%2ev2.Node",
		"func()":                                               "func()",
		"func(example.com/a/b.T) error":                        "func(example.com/a/b.T) error",
		"struct { A example.com/a/b.T }":                       "struct { A example.com/a/b.T }",
		"struct {}":                                            "struct {}",
		"interface {}":                                         "interface {}",
		"interface { M(example.com/a/b.T) }":                   "interface { M(example.com/a/b.T) }",
		`struct { A int "x:\"a/b/c.d\"" }`:                     `struct { A int "x:\"a/b/c.d\"" }`,
		"map[string]interface {}":                              "map[string]interface {}",
		"map[string]map[example.com/x/y/z.K]example.com/a/b.V": "map[string]map[z.K]b.V",
	} {
		if got := Shorten(typ); got != want {
			t.Errorf("%s: %s, want %s", typ, got, want)
		}
	}
}

// TestShortenProperty: nothing is left of a long path, whatever it stands in, and
// shortening again changes nothing.
func TestShortenProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var typ func(depth int) string
		typ = func(depth int) string {
			switch rapid.IntRange(0, 6).Draw(t, "shape") {
			case 0:
				return "int"
			case 1, 2:
				return "example.com/" + rapid.StringMatching(`[a-z]{1,5}/[a-z0-9]{1,5}\.[A-Z][a-z]{0,5}`).Draw(t, "name")
			}
			if depth == 0 {
				return "string"
			}
			inner := typ(depth - 1)
			switch rapid.IntRange(0, 3).Draw(t, "around") {
			case 0:
				return "*" + inner
			case 1:
				return "[]" + inner
			case 2:
				return "map[" + typ(depth-1) + "]" + inner
			}
			return "example.com/a/b.G[" + inner + "," + typ(depth-1) + "]"
		}
		long := typ(3)
		short := Shorten(long)
		if strings.Contains(short, "example.com") || Shorten(short) != short {
			t.Fatalf("%s: %s", long, short)
		}
	})
}
