package dap

import (
	"strings"
	"testing"
)

// TestFunctionNames: functions are found by the names that users of Delve give them, and
// what is no name is refused.
func TestFunctionNames(t *testing.T) {
	ed, file := stopsEditor(t, "names", "2")
	for name, line := range map[string]string{
		"main.step": "func step(", "step": "func step(", "main.(*owner).Set": ") Set(", "(*owner).Set": ") Set(", "owner.Get": ") Get(",
		"main.owner.Get": ") Get(", "main.larger": "func larger[", "strings.Index": "", "stops/main.go:" + "0": "",
	} {
		set := ed.breakIn(name)
		switch {
		case strings.HasSuffix(name, ":0"):
			if set[0].Verified {
				t.Errorf("%s: %+v", name, set)
			}
		case line == "":
			if set[0].Verified && set[0].Source.Path == file {
				t.Errorf("%s: %+v", name, set)
			}
		case !set[0].Verified || set[0].Line != lineOf(t, file, line):
			t.Errorf("%s: %+v, and not line %d", name, set, lineOf(t, file, line))
		}
	}
	for _, name := range []string{"", "14", "+1", "-1", "*b", "/^.*ste.*$/"} {
		if set := ed.breakIn(name); set[0].Verified || !strings.Contains(set[0].Message, "could not be parsed as a function") {
			t.Errorf("%q: %+v", name, set)
		}
	}
	for _, name := range []string{"./main.go:14", "../stops/main.go:14"} {
		if set := ed.breakIn(name); set[0].Verified || !strings.Contains(set[0].Message, "relative paths are not supported") {
			t.Errorf("%q: %+v", name, set)
		}
	}
	set := ed.breakIn("main.nobody", "main.step", "main.step", "main.loop:1")
	if set[0].Verified || !strings.Contains(set[0].Message, "nobody") || !set[1].Verified || set[2].Verified || !set[3].Verified {
		t.Errorf("%+v", set)
	}
	ed.disconnect()
}
