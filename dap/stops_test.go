package dap

import (
	"testing"
)

func TestBaseName(t *testing.T) {
	for path, want := range map[string]string{"/a/b.go": "b.go", `C:\a\b.go`: "b.go", `c:/a/b.go`: "b.go", `\\host\a\b.go`: "b.go", "b.go": "b.go", `/a/b\c.go`: `b\c.go`} {
		if got := baseName(path); got != want {
			t.Errorf("%s: %s", path, got)
		}
	}
}

// TestPathsOfClients: sources are where the client has them, in stops and log points too.
func TestPathsOfClients(t *testing.T) {
	program, file := stopsProgram(t)
	dir := file[:len(file)-len("/main.go")]
	ed := newEditor(t)
	ed.launch(program, with{"args": []string{"loop", "1"}, "substitutePath": []with{{"from": "/elsewhere", "to": dir}}})
	line, used := lineOf(t, file, "// round"), lineOf(t, file, "// used")
	if set := ed.breakAt("/elsewhere/main.go", line); !set[0].Verified || set[0].Source.Path != "/elsewhere/main.go" {
		t.Errorf("%+v", set)
	}
	ed.configured()
	if top := ed.top(ed.stoppedFor("breakpoint").ThreadId); top.Source.Path != "/elsewhere/main.go" {
		t.Errorf("%+v", top)
	}
	ed.breakOn("/elsewhere/main.go", logAt(used, "here"))
	ed.resume("continue", 1)
	if body := await(ed, "output", isLog); body.Source == nil || body.Source.Path != "/elsewhere/main.go" {
		t.Errorf("%+v", body)
	}
	ed.ended()
	ed.disconnect()
}
