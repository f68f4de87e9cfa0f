package dap

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/argusdbg/argus/backend"
	"github.com/google/go-dap"
)

func TestAttach(t *testing.T) {
	cmd := background(t)
	ed := newEditor(t)
	ed.initialize()
	seq := ed.send("attach", with{"processId": cmd.Process.Pid, "stopOnEntry": true, "followExec": true})
	can := ed.event("capabilities", nil)
	if !bodyOf[dap.CapabilitiesEventBody](ed, can).Capabilities.SupportTerminateDebuggee {
		t.Errorf("%s", can.Body)
	}
	if first, last := ed.event("initialized", nil), ed.response(seq); !last.Success || can.Seq > first.Seq || first.Seq > last.Seq {
		t.Errorf("capabilities %d, initialized %d, response %d: %s", can.Seq, first.Seq, last.Seq, last.Body)
	}
	ed.configured()
	ed.stoppedFor("entry")
	ed.disconnect()
	ed.leave()
	untouched(t, cmd.Process.Pid)
}

func TestAttachFailures(t *testing.T) {
	ed := newEditor(t)
	ed.initialize()
	missing := "Failed to attach: The 'processId' or 'waitFor' attribute is missing in debug configuration"
	for _, tt := range []struct {
		args with
		want string
	}{
		{with{}, missing},
		{with{"mode": ""}, missing},
		{with{"mode": "local", "processId": nil}, missing},
		{with{"mode": "local", "processId": 0}, missing},
		{with{"mode": "over there"}, `Failed to attach: invalid debug configuration - unsupported 'mode' attribute "over there"`},
		{with{"mode": 123}, `Failed to attach: invalid debug configuration - cannot unmarshal number into "mode" of type string`},
		{with{"processId": "1"}, `Failed to attach: invalid debug configuration - cannot unmarshal string into "processId" of type int`},
		{with{"processId": 1, "waitFor": "x"}, "Failed to attach: 'processId' and 'waitFor' are mutually exclusive, and can't be specified at the same time"},
		{with{"processId": -1}, "Failed to attach: invalid process ID: -1"},
		{with{"processId": 1, "backend": "foo"}, `Failed to attach: unknown backend "foo"`},
		{with{"processId": os.Getpid()}, "Failed to attach: "}, // ourselves
		{with{"processId": 0x3fffffff}, "Failed to attach: "},  // nobody
		{with{"mode": "remote"}, "Failed to attach: no debugger found"},
	} {
		if e := fails(ed, "attach", tt.args); !strings.HasPrefix(e.Format, tt.want) || !e.ShowUser || e.Id != idAttach {
			t.Errorf("%v: %+v", tt.args, e)
		}
	}
	ed.disconnect()
}

// A client of a server that has a program already attaches to that, and what becomes of it
// is what would become of it anyway.
func TestAttachRemote(t *testing.T) {
	cmd := background(t)
	b, err := backend.Attach(t.Context(), cmd.Process.Pid, backend.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ed := newEditorWith(t, Config{Session: b})
	ed.initialize()
	ask[struct{}](ed, "attach", with{"mode": "remote"})
	ed.event("initialized", nil)
	ed.configured()
	ed.disconnect()
	ed.leave()
	untouched(t, cmd.Process.Pid)
}

// A server's program is let go also if no client ever asks for it.
func TestAttachRemoteNever(t *testing.T) {
	cmd := background(t)
	b, err := backend.Attach(t.Context(), cmd.Process.Pid, backend.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ed := newEditorWith(t, Config{Session: b})
	ed.initialize()
	ed.leave()
	untouched(t, cmd.Process.Pid)
}

// Where the sources are is guessed from where the packages were compiled.
func TestGuess(t *testing.T) {
	g := &SourceDirs{ImportPathOfMainPackage: "example.com/app/cmd/x", ClientGOROOT: "/go",
		ClientModuleDirectories: map[string]string{"example.com/app": "/home/u/app", "example.com/lib": "/home/u/lib", "example.com/app/sub": "/home/u/app/sub", "not/used": "/nowhere"}}
	dirs := map[string]string{
		"runtime": "/usr/lib/go/src/runtime", "fmt": "/usr/lib/go/src/fmt",
		"main": "/build/app/cmd/x", "example.com/app/inner": "/build/app/inner", "example.com/app/sub/a": "/b/sub@v1/a",
		"example.com/application": "/elsewhere", // another module, of which the name begins the same
		"example.com/lib":         "/mod/lib@v1.2", "example.com/lib/a/b": "/mod/lib@v1.2/a/b", "example.com/lib/odd": "/generated",
	}
	want := "[{/home/u/app/sub /b/sub@v1} {/home/u/app /build/app} {/home/u/lib /mod/lib@v1.2} {/go /usr/lib/go}]"
	for range 20 { // in whatever order the maps are
		if got := fmt.Sprint([]substitutePath(g.rules(dirs))); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	}
	tg := &target{settings: settings{SubstitutePath: g.rules(dirs)}}
	if got := tg.fromClient("/home/u/app/cmd/x/main.go"); got != "/build/app/cmd/x/main.go" {
		t.Error(got)
	}
	if got := tg.fromClient("/home/u/app/sub/a/a.go"); got != "/b/sub@v1/a/a.go" {
		t.Error(got)
	}
}

// The guess holds on a real program: a breakpoint by the client's name of a file is set.
func TestGuessAttach(t *testing.T) {
	cmd := background(t)
	ed := newEditor(t)
	file := targetFile(t, "life", "main.go")
	const module = "github.com/argusdbg/argus/internal/testkit/targets/life"
	ed.attach(cmd.Process.Pid, with{"stopOnEntry": true, "guessSubstitutePath": with{
		"ImportPathOfMainPackage": module, "ClientGOROOT": "/client/go", "ClientModuleDirectories": with{module: "/client/life"}}})
	set := ed.breakAt(filepath.Join("/client/life", "main.go"), lineOf(t, file, "again and again"))
	if len(set) != 1 || !set[0].Verified || set[0].Source == nil || set[0].Source.Path != "/client/life/main.go" {
		t.Errorf("%+v", set)
	}
	ed.disconnect()
}
