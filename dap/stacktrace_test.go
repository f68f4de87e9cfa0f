package dap

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-dap"
)

func TestStackTrace(t *testing.T) {
	ed, thread, _ := view(t, "bottom", nil)
	file := viewsFile(t)
	// bottom, 101 of depth, main, runtime.main, runtime.goexit
	const all = 105
	first := ask[dap.StackTraceResponseBody](ed, "stackTrace", with{"threadId": thread})
	if len(first.StackFrames) != 50 || first.TotalFrames <= 50 {
		t.Fatalf("%d frames of %d, want 50 of more", len(first.StackFrames), first.TotalFrames)
	}
	top := first.StackFrames[0]
	if top.Name != "main.bottom" || top.Line != lineOf(t, file, "// here: bottom") || top.Source == nil ||
		filepath.Base(top.Source.Path) != "main.go" || top.Source.Name != "main.go" || top.InstructionPointerReference == "" || top.PresentationHint != "" {
		t.Errorf("the innermost frame is %+v", top)
	}
	if top.ModuleId == nil {
		t.Errorf("the innermost frame has no module: %+v", top)
	}
	for i, f := range first.StackFrames {
		if f.Id != top.Id+i {
			t.Errorf("frame %d has id %d, want %d", i, f.Id, top.Id+i)
		}
	}
	rest := ask[dap.StackTraceResponseBody](ed, "stackTrace", with{"threadId": thread, "startFrame": 50, "levels": 1000})
	if len(rest.StackFrames) != all-50 || rest.TotalFrames != all {
		t.Errorf("then %d frames of %d, want %d of %d", len(rest.StackFrames), rest.TotalFrames, all-50, all)
	}
	last := rest.StackFrames[len(rest.StackFrames)-1]
	if last.Name != "runtime.goexit" || last.PresentationHint != "subtle" {
		t.Errorf("the outermost frame is %+v", last)
	}
	beyond := ask[dap.StackTraceResponseBody](ed, "stackTrace", with{"threadId": thread, "startFrame": 10_000})
	if beyond.StackFrames == nil || len(beyond.StackFrames) != 0 || beyond.TotalFrames != all {
		t.Errorf("beyond the end: %+v", beyond)
	}
	odd := ask[dap.StackTraceResponseBody](ed, "stackTrace", with{"threadId": thread, "startFrame": -10, "levels": -1})
	if len(odd.StackFrames) != 50 || odd.StackFrames[0].Name != "main.bottom" {
		t.Errorf("negative numbers: %d frames", len(odd.StackFrames))
	}
	e := fails(ed, "stackTrace", with{"threadId": 4711_0000})
	if !strings.HasPrefix(e.Format, "Unable to produce stack trace: ") || e.ShowUser || e.Id != idStack {
		t.Errorf("of a goroutine that there is not: %+v", e)
	}
}

func TestStackTraceDepth(t *testing.T) {
	ed, thread, _ := view(t, "bottom", with{"stackTraceDepth": 3})
	body := ask[dap.StackTraceResponseBody](ed, "stackTrace", with{"threadId": thread})
	if len(body.StackFrames) != 3 || body.TotalFrames <= 3 {
		t.Errorf("%d frames of %d, want 3 of more", len(body.StackFrames), body.TotalFrames)
	}
}

func TestStackTraceFormat(t *testing.T) {
	ed, thread, _ := view(t, "look", nil)
	for _, test := range []struct {
		format with
		want   string
	}{
		{with{"line": true}, "main.look Line "},
		{with{"module": true}, "views-debug!main.look"},
		{with{"parameters": true}, `main.look(acc=*main.account {Owner: "eve", Balance: 40, History: []int len: 3, cap: 3, [1,2,3]}, list=`},
		{with{"parameters": true, "parameterNames": true}, "main.look(acc, list, name)"},
		{with{"parameters": true, "parameterTypes": true}, "main.look(*main.account, []int, string)"},
		{with{"parameterNames": true, "parameterTypes": true, "parameterValues": true}, "main.look(acc *main.account=*main.account {"},
	} {
		body := ask[dap.StackTraceResponseBody](ed, "stackTrace", with{"threadId": thread, "levels": 1, "format": test.format})
		if got := body.StackFrames[0].Name; !strings.HasPrefix(got, test.want) {
			t.Errorf("with %v: %s, want %s", test.format, got, test.want)
		}
	}
}
