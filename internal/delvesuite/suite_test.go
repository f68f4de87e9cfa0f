package main

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/argusdbg/argus/internal/orphans"
)

//go:embed testdata/sample_test.go.txt
var sampleTests string

//go:embed testdata/forward.go.txt
var forwardSource []byte

// sampleWorkspace is a workspace whose Delve is a small module with the one
// suite "sample".
func sampleWorkspace(t *testing.T) *workspace {
	t.Helper()
	if err := orphans.Adopt(); err != nil {
		t.Fatal(err)
	}
	root := writeTree(t, map[string]string{
		"go.mod":                "module example.org/m\n\ngo 1.25.0\n",
		"sample/sample.go":      "package sample\n",
		"sample/sample_test.go": sampleTests,
	})
	tmp := t.TempDir()
	if err := os.Mkdir(filepath.Join(tmp, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	return &workspace{tmp: tmp, delve: root, env: append(os.Environ(), "GOWORK=off")}
}

// TestRunSuite runs tests that end in every way, each of which must get its
// result although three of them end the process for the others.
func TestRunSuite(t *testing.T) {
	ws := sampleWorkspace(t)
	logDir := t.TempDir()
	opts := options{timeout: 5 * time.Second, verbose: true, logDir: logDir}
	s := suite{pkg: "sample", backend: backendNative}
	var progress bytes.Buffer
	res, err := ws.runSuite(t.Context(), s, opts, &progress)
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]testResult)
	for _, r := range res.Tests {
		if _, twice := got[r.Name]; twice {
			t.Errorf("%s has two results", r.Name)
		}
		got[r.Name] = r
	}
	for name, want := range map[string]struct {
		outcome      outcome
		output, note string
	}{
		"TestPasses":      {passed, "", ""},
		"TestPasses/sub":  {passed, "", ""},
		"TestSkips":       {skipped, "", ""},
		"TestFails":       {failed, "printed by TestFails", ""},
		"TestFails/sub":   {failed, "wrong", ""},
		"TestPanics":      {failed, "out of luck", ""},
		"TestExits":       {failed, "", "exit status 3"},
		"TestHangs":       {failed, "SIGQUIT", "no test started or ended for 5s"},
		"TestLeaves":      {passed, "", ""},
		"TestParallelOne": {passed, "", ""},
		"TestParallelTwo": {passed, "", ""},
		"TestLast":        {passed, "", ""},
	} {
		r := got[name]
		if r.Outcome != want.outcome || !strings.Contains(r.Output, want.output) || !strings.Contains(r.Note, want.note) {
			t.Errorf("%s: got %+v, want %+v", name, r, want)
		}
		delete(got, name)
	}
	if len(got) > 0 {
		t.Errorf("unexpected results %v", got)
	}
	for _, want := range []string{"passed  TestLast", "failed  TestPanics", "going on with the"} {
		if !strings.Contains(progress.String(), want) {
			t.Errorf("-v did not print %q but\n%s", want, &progress)
		}
	}
	log, err := os.ReadFile(filepath.Join(logDir, "sample-native.json"))
	if err != nil {
		t.Fatal(err)
	}
	left := regexp.MustCompile(`left process (\d+)`).FindSubmatch(log)
	if left == nil {
		t.Fatal("the log does not have what TestLeaves printed")
	}
	if _, err := os.Stat("/proc/" + string(left[1])); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("process %s, left by a test, was not ended: %v", left[1], err)
	}
}

func TestRunSuiteSelects(t *testing.T) {
	ws := sampleWorkspace(t)
	opts := options{run: "TestPasses$/sub", timeout: time.Minute}
	res, err := ws.runSuite(t.Context(), suite{pkg: "sample", backend: backendNative}, opts, new(bytes.Buffer))
	if err != nil || len(res.Tests) != 2 {
		t.Errorf("-run %s: got %+v, %v", opts.run, res.Tests, err)
	}
	opts.run = "TestNoneOfThem"
	if res, err := ws.runSuite(t.Context(), suite{pkg: "sample", backend: backendNative}, opts, new(bytes.Buffer)); err == nil {
		t.Errorf("-run %s: got %+v and no error", opts.run, res.Tests)
	}
}

func TestRunSuiteBuildFails(t *testing.T) {
	ws := sampleWorkspace(t)
	if err := os.WriteFile(filepath.Join(ws.delve, "sample", "bad.go"), []byte("package sample\n\nvar x = undefinedName\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := ws.runSuite(t.Context(), suite{pkg: "sample", backend: backendNative}, options{timeout: time.Minute}, new(bytes.Buffer))
	if err == nil || !strings.Contains(err.Error(), "undefinedName") {
		t.Errorf("got %v, want what the compiler said", err)
	}
}

// A notifier calls fn once, when what is written to it contains text.
type notifier struct {
	text string
	once sync.Once
	fn   func()
}

func (n *notifier) Write(p []byte) (int, error) {
	if strings.Contains(string(p), n.text) {
		n.once.Do(n.fn)
	}
	return len(p), nil
}

func TestRunSuiteInterrupted(t *testing.T) {
	ws := sampleWorkspace(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	// TestHangs is running, or about to, when TestFails has ended.
	opts := options{run: "TestFails|TestHangs", timeout: time.Minute, verbose: true}
	_, err := ws.runSuite(ctx, suite{pkg: "sample", backend: backendNative}, opts, &notifier{text: "TestFails ", fn: cancel})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that it was cancelled", err)
	}
}

func TestSkipPattern(t *testing.T) {
	if got := skipPattern(nil); got != "" {
		t.Errorf("nothing done: %q", got)
	}
	got := skipPattern([]testResult{{Name: "TestA"}, {Name: "TestA/b"}, {Name: "TestC"}})
	if got != "^(TestA|TestC)$" {
		t.Errorf("got %q", got)
	}
}

// TestMechanism runs one of Delve's own tests through an adapter in the
// overlay, which forwards to Delve's backend, and so shows that the suites
// reach the adapter and share its types.
func TestMechanism(t *testing.T) {
	if testing.Short() {
		t.Skip("builds Delve's pkg/proc, which takes half a minute of CPU the first time")
	}
	tmp := t.TempDir()
	ws, err := newWorkspace(t.Context(), tmp)
	if err != nil {
		t.Fatal(err)
	}
	if err := ws.addAdapter(t.Context(), forwardSource, []string{"pkg/proc"}); err != nil {
		t.Fatal(err)
	}
	opts := options{run: "^TestExit$", timeout: 2 * time.Minute, logDir: t.TempDir()}
	s := suite{pkg: "pkg/proc", backend: backendArgus}
	res, err := ws.runSuite(t.Context(), s, opts, new(bytes.Buffer))
	if err != nil {
		t.Fatal(err)
	}
	if c := res.counts(); c != (counts{Passed: 1}) {
		t.Errorf("got %+v, %+v", c, res.Tests)
	}
	log, err := os.ReadFile(opts.logFile(s))
	if err != nil || !bytes.Contains(log, []byte("launched through the adapter")) {
		t.Errorf("the test did not launch through the adapter (%v):\n%s", err, log)
	}
}
