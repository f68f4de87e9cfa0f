package dap

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
	"github.com/google/go-dap"
)

func lifeTarget(t testing.TB) string { return testkit.Target(t, "life", testkit.Debug) }

// heard collects what the program writes to stdout, until it contains a text.
func (ed *editor) heard(text string) string {
	ed.Helper()
	var all strings.Builder
	for !strings.Contains(all.String(), text) {
		all.WriteString(await(ed, "output", func(b dap.OutputEventBody) bool { return b.Category == "stdout" }).Output)
	}
	return all.String()
}

// The order of messages is the one that editors have from Delve.
func TestLaunchOrder(t *testing.T) {
	ed := newEditor(t)
	ed.initialize()
	seq := ed.send("launch", with{"mode": "exec", "program": lifeTarget(t), "args": []string{"exit", "7"}})
	process := ed.event("process", nil)
	initialized := ed.event("initialized", nil)
	response := ed.response(seq)
	if !response.Success || process.Seq > initialized.Seq || initialized.Seq > response.Seq {
		t.Errorf("process %d, initialized %d, response %d", process.Seq, initialized.Seq, response.Seq)
	}
	body := bodyOf[dap.ProcessEventBody](ed, process)
	if body.Name != lifeTarget(t)+" exit 7" || body.SystemProcessId <= 0 || !body.IsLocalProcess || body.StartMethod != "launch" {
		t.Errorf("%+v", body)
	}
	ed.configured()
	ed.output("console", "Type 'argus help' for list of commands.")
	if code := ed.ended(); code != 7 {
		t.Errorf("exit code %d", code)
	}
	seq = ed.send("disconnect", nil)
	if out := ed.output("console", "has exited"); out != fmt.Sprintf("Process %d has exited with status 7\n", body.SystemProcessId) {
		t.Errorf("%q", out)
	}
	ed.output("console", "Detaching\n")
	ed.response(seq)
	ed.event("terminated", nil)
	ed.hangup()
}

// A launch need not be introduced, and there is one only.
func TestLaunchTwice(t *testing.T) {
	ed := newEditor(t)
	first := ed.send("launch", with{"mode": "exec", "program": lifeTarget(t), "args": []string{"wait"}})
	second := ed.send("launch", with{"mode": "exec", "program": lifeTarget(t), "args": []string{"wait"}})
	if m := ed.response(second); m.Success || !strings.Contains(string(m.Body), "already in progress") {
		t.Errorf("%s", m.Body)
	}
	if m := ed.response(first); !m.Success {
		t.Errorf("%s", m.Body)
	}
	if e := fails(ed, "attach", with{"processId": os.Getppid()}); !strings.Contains(e.Format, "Failed to attach: debug session already in progress") || e.Id != idAttach {
		t.Errorf("%+v", e)
	}
	ed.disconnect()
}

// Requests that come before the program is there wait for it.
func TestEarlyRequests(t *testing.T) {
	ed := newEditor(t)
	ed.initialize()
	launch := ed.send("launch", with{"mode": "exec", "program": lifeTarget(t), "args": []string{"exit", "0"}})
	early := ed.send("setBreakpoints", with{"source": with{"path": targetFile(t, "life", "main.go")}, "breakpoints": []with{}})
	done := ed.send("configurationDone", nil)
	if a, b, c := ed.response(launch), ed.response(early), ed.response(done); !a.Success || !b.Success || !c.Success || a.Seq > b.Seq || b.Seq > c.Seq {
		t.Errorf("%+v, %+v, %+v", a, b, c)
	}
	ed.ended()
	ed.disconnect()
}

func TestLaunchFailures(t *testing.T) {
	ed := newEditor(t)
	ed.initialize()
	source := targetFile(t, "life", "main.go")
	for _, tt := range []struct {
		args   with
		want   string
		hidden bool
	}{
		{with{"mode": "exec"}, "Failed to launch: The program attribute is missing in debug configuration.", false},
		{with{"mode": "exec", "program": "/no/such/program"}, "Failed to launch: ", false},
		{with{"mode": "exec", "program": source}, "Failed to launch: ", false},
		{with{"mode": "exec", "program": lifeTarget(t), "cwd": "/no/such/directory"}, "Failed to launch: ", false},
		{with{"mode": "exec", "program": lifeTarget(t), "noDebug": true, "cwd": "/no/such/directory"}, "Failed to launch: ", false},
		{with{"mode": "exec", "program": lifeTarget(t), "stdinFrom": "/no/such/file"}, "Failed to launch: open /no/such/file: no such file or directory", false},
		{with{"mode": "exec", "program": lifeTarget(t), "stdoutTo": "/no/such/file"}, "Failed to launch: open /no/such/file: no such file or directory", false},
		{with{"mode": "core", "program": lifeTarget(t), "coreFilePath": source}, "Failed to launch core file " + source + ": ", false},
		{with{"mode": "debug", "program": "/no/such/program"}, "Failed to launch: Build error: Check the debug console for details.", true},
		{with{"mode": "debug", "program": source, "buildFlags": "-bad"}, "Failed to launch: Build error: Check the debug console for details.", true},
		{with{"mode": "debug", "program": lifeTarget(t)}, "Failed to launch: Build error: Check the debug console for details.", true},
	} {
		e := fails(ed, "launch", tt.args)
		if !strings.HasPrefix(e.Format, tt.want) || e.ShowUser == tt.hidden || e.Id != idLaunch {
			t.Errorf("%v: %+v", tt.args, e)
		}
		if tt.hidden {
			ed.output("stderr", "Build Error: ")
		}
	}
	// None of it is in the way of one that is right.
	ask[struct{}](ed, "launch", with{"mode": "exec", "program": lifeTarget(t), "args": []string{"exit", "0"}})
	ed.configured()
	ed.ended()
	ed.disconnect()
}

// The program has the directory, the environment and the arguments that were asked for.
func TestLaunchAttributes(t *testing.T) {
	t.Setenv("LIFE_HAS", "outer")
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		args with
		want string
	}{
		{"inherits", with{}, `="outer",true args=a|b c`},
		{"changes", with{"env": with{"LIFE_HAS": "inner"}}, `="inner",true`},
		{"empties", with{"env": with{"LIFE_HAS": ""}}, `="",true`},
		{"removes", with{"env": with{"LIFE_HAS": nil}}, `="",false`},
		{"cwd", with{"cwd": dir}, "dir=" + dir + " "},
		{"dlvCwd", with{"dlvCwd": dir}, "dir=" + dir + " "},
		{"both", with{"dlvCwd": dir, "cwd": "sub"}, "dir=" + dir + "/sub "},
		{"noDebug", with{"noDebug": true, "cwd": dir, "env": with{"LIFE_HAS": "inner"}}, "dir=" + dir + ` LIFE_HAS="inner",true args=a|b c`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ed := newEditor(t)
			ed.initialize()
			args := with{"mode": "exec", "program": lifeTarget(t), "args": []string{"say", "LIFE_HAS", "a", "b c"}}
			for k, v := range tt.args {
				args[k] = v
			}
			ask[struct{}](ed, "launch", args)
			if args["noDebug"] == nil {
				ed.configured()
			}
			if out := ed.heard("\n"); !strings.Contains(out, tt.want) {
				t.Errorf("%q, want %q", out, tt.want)
			}
			ed.ended()
			ed.disconnect()
		})
	}
}
