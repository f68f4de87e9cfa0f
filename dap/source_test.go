package dap

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-dap"
)

func TestSource(t *testing.T) {
	ed, thread, frame := view(t, "look", nil)
	want, err := os.ReadFile(viewsFile(t))
	if err != nil {
		t.Fatal(err)
	}
	path := ed.top(thread).Source.Path
	get := func(path string) dap.SourceResponseBody {
		t.Helper()
		return ask[dap.SourceResponseBody](ed, "source", with{"source": with{"path": path}, "sourceReference": 0})
	}
	if body := get(path); body.Content != string(want) || body.MimeType == "" {
		t.Errorf("%s: %d bytes (%s), want %d", path, len(body.Content), body.MimeType, len(want))
	}
	ed.evaluate("argus config substitutePath /elsewhere "+strings.TrimSuffix(path, "/main.go"), frame)
	if body := get("/elsewhere/main.go"); body.Content != string(want) {
		t.Errorf("by the client's path: %d bytes, want %d", len(body.Content), len(want))
	}
	for _, args := range []with{
		{"source": with{"path": "/etc/passwd"}},
		{"source": with{"path": "/nowhere/main.go"}},
		{"sourceReference": 7},
		{},
	} {
		if e := fails(ed, "source", args); !strings.HasPrefix(e.Format, "Unable to show the source: ") || e.ShowUser {
			t.Errorf("%v: %+v", args, e)
		}
	}
}

// TestSourceUnlaunched: there is no source of no program.
func TestSourceUnlaunched(t *testing.T) {
	ed := newEditor(t)
	ed.initialize()
	fails(ed, "source", with{"source": with{"path": "/etc/passwd"}})
}
