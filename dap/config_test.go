package dap

import (
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-dap"
)

func TestConfig(t *testing.T) {
	ed, _, frame := view(t, "look", nil)
	const all = `stackTraceDepth	50
maxStringLen	512
maxArrayValues	64
showGlobalVariables	false
showRegisters	false
goroutineFilters	""
showPprofLabels	[]
hideSystemGoroutines	false
substitutePath	[]
followExec	false
followExecRegex	""
showRawStrings	false
`
	if got := ed.evaluate("dlv config -list", frame).Result; got != all {
		t.Errorf("config -list:\n%s", got)
	}
	for _, test := range []struct{ line, want, area string }{
		{"-list showGlobalVariables", "showGlobalVariables\tfalse\n", ""},
		{"showGlobalVariables true", "showGlobalVariables\ttrue\n\nUpdated", "variables"},
		{"showRegisters true", "showRegisters\ttrue\n\nUpdated", "variables"},
		{"maxStringLen 10", "maxStringLen\t10\n\nUpdated", ""},
		{"stackTraceDepth 0", "stackTraceDepth\t50\n\nUpdated", ""},
		{"goroutineFilters -with user", "goroutineFilters\t\"-with user\"\n\nUpdated", "threads"},
		{`goroutineFilters "-with running"`, "goroutineFilters\t\"-with running\"\n\nUpdated", "threads"},
		{"hideSystemGoroutines true", "hideSystemGoroutines\ttrue\n\nUpdated", "threads"},
		{"showPprofLabels k1", "showPprofLabels\t[k1]\n\nUpdated", "threads"},
		{"showPprofLabels k2", "showPprofLabels\t[k1 k2]\n\nUpdated", "threads"},
		{"showPprofLabels -clear k1", "showPprofLabels\t[k2]\n\nUpdated", "threads"},
		{"showPprofLabels -clear", "showPprofLabels\t[]\n\nUpdated", "threads"},
		{`substitutePath "my/client/path" "your/server/path"`, "substitutePath\t[[my/client/path your/server/path]]\n\nUpdated", "stacks"},
		{`substitutePath my/client/path /new`, "substitutePath\t[[my/client/path /new]]\n\nUpdated", "stacks"},
		{`substitutePath /other ""`, "substitutePath\t[[my/client/path /new] [/other ]]\n\nUpdated", "stacks"},
		{`substitutePath "my/client/path"`, "substitutePath\t[[/other ]]\n\nUpdated", "stacks"},
		{"substitutePath -clear", "substitutePath\t[]\n\nUpdated", "stacks"},
		{"-list followExec", "followExec\tfalse\n", ""},
	} {
		if got := ed.evaluate("dlv config "+test.line, frame).Result; got != test.want {
			t.Errorf("config %s: %q, want %q", test.line, got, test.want)
		}
		if test.area != "" {
			want := []dap.InvalidatedAreas{dap.InvalidatedAreas(test.area)}
			if got := await[dap.InvalidatedEventBody](ed, "invalidated", nil).Areas; !reflect.DeepEqual(got, want) {
				t.Errorf("config %s: the client is to ask anew for %v, want %v", test.line, got, want)
			}
		}
	}
	if n := len(ed.came("invalidated")); n != 0 {
		t.Errorf("the client is to ask anew %d times more", n)
	}
	for line, want := range map[string]string{
		"":                             "needs -list",
		" nothing":                     `"nothing" is not a configuration parameter`,
		" -list nothing":               `"nothing" is not a configuration parameter`,
		" maxStringLen many":           `argument to "maxStringLen" must be a number`,
		" maxStringLen -1":             "greater than zero",
		" showRegisters yes":           "must be true or false",
		" substitutePath a b c":        "too many arguments",
		" substitutePath -clear a b":   "too many arguments",
		" substitutePath -clear a":     `could not find rule for "a"`,
		" substitutePath /nowhere":     `could not find rule for "/nowhere"`,
		` substitutePath "open`:        "no closing",
		" showPprofLabels a b":         "too many arguments",
		" showPprofLabels -clear none": `could not find label "none"`,
		" followExec true":             "target follow-exec",
	} {
		if e := fails(ed, "evaluate", with{"expression": "dlv config" + line, "frameId": frame}); !strings.Contains(e.Format, want) {
			t.Errorf("config%s: %s, want %s", line, e.Format, want)
		}
	}
}

// TestConfigPaths: a rule for paths applies at once.
func TestConfigPaths(t *testing.T) {
	ed, thread, frame := view(t, "look", nil)
	dir := strings.TrimSuffix(ed.top(thread).Source.Path, "/main.go")
	ed.evaluate("argus config substitutePath /elsewhere "+dir, frame)
	if got := ed.top(thread).Source.Path; got != "/elsewhere/main.go" {
		t.Errorf("the source is at %s", got)
	}
	ed.evaluate(`argus config substitutePath C:\src `+dir, frame)
	ed.evaluate(`argus config substitutePath /elsewhere`, frame)
	if got := ed.top(thread).Source; got.Path != `C:\src\main.go` || got.Name != "main.go" {
		t.Errorf("the source is at %+v", got)
	}
}
