package dap

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-dap"
)

func TestBreakpointLocations(t *testing.T) {
	ed, _, _ := view(t, "look", nil)
	file := viewsFile(t)
	lines := func(file string, from, to int) (list []int) {
		t.Helper()
		args := with{"source": with{"path": file}, "line": from}
		if to > 0 {
			args["endLine"] = to
		}
		body := ask[dap.BreakpointLocationsResponseBody](ed, "breakpointLocations", args)
		if body.Breakpoints == nil {
			t.Error("the breakpoints are null")
		}
		for _, b := range body.Breakpoints {
			list = append(list, b.Line)
		}
		return list
	}
	look := lineOf(t, file, "// here: look")
	if got := lines(file, look, 0); !slices.Equal(got, []int{look}) {
		t.Errorf("on line %d: %v", look, got)
	}
	if got := lines(file, look, look+4); !slices.Equal(got, []int{look, look + 1, look + 4}) {
		t.Errorf("from line %d to %d: %v, want the statements and the next function", look, look+4, got)
	}
	if got := lines(file, 1, 3); len(got) != 0 {
		t.Errorf("in comments: %v", got)
	}
	for _, bad := range []string{"", "/nowhere/nobody.go"} {
		if e := fails(ed, "breakpointLocations", with{"source": with{"path": bad}, "line": 1}); !strings.HasPrefix(e.Format, "Unable to list breakpoint locations: ") || e.ShowUser {
			t.Errorf("%q: %+v", bad, e)
		}
	}
}
