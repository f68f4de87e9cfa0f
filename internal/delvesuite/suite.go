package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A suite is one package's tests on one backend.
type suite struct {
	pkg     string // folder in Delve's module
	backend string
}

// fileName is a name for files about the suite, without extension.
func (s suite) fileName() string {
	return strings.ReplaceAll(s.pkg, "/", "-") + "-" + s.backend
}

// A suiteResult is what came of a suite, tests in the order they ended.
type suiteResult struct {
	Package string        `json:"package"`
	Backend string        `json:"backend"`
	Tests   []testResult  `json:"tests"`
	Elapsed time.Duration `json:"elapsed_ns"` // of the test processes, without building
}

// runSuite builds a suite and runs its tests, each once: when the test process
// ends before all had their turn, it is started again for the rest. The error
// tells that the suite could not be run; failing tests are no error.
func (ws *workspace) runSuite(ctx context.Context, s suite, opts options, w io.Writer) (suiteResult, error) {
	res := suiteResult{Package: s.pkg, Backend: s.backend}
	bin := filepath.Join(ws.tmp, "bin", s.fileName()+".test")
	// Vet enters the folder of each package, and the adapter has none on disk.
	if _, err := goOutput(ctx, ws.delve, ws.envFor(s.backend), "test", "-c", "-vet=off", "-o", bin, "./"+s.pkg); err != nil {
		return res, err
	}
	p := testProcess{
		bin: bin,
		dir: filepath.Join(ws.delve, s.pkg),
		env: ws.envFor(s.backend),
		log: opts.logFile(s),
	}
	names, err := p.list(ctx, opts.run)
	if err != nil {
		return res, err
	}
	if res.Tests = leaveOut(s.backend, names); res.Tests != nil {
		names = without(names, res.Tests)
	}
	start := time.Now()
	for len(names) > 0 {
		args := []string{"-test.timeout=0", "-test.run=" + opts.run}
		if skip := skipPattern(res.Tests); skip != "" {
			args = append(args, "-test.skip="+skip)
		}
		c := newCollector()
		ended, err := p.run(ctx, args, opts.timeout, func(ev event) bool {
			r, progress := c.add(ev)
			if r != nil && opts.verbose {
				printResult(w, *r)
			}
			return progress
		})
		if err != nil {
			return res, err
		}
		known := len(res.Tests)
		for _, r := range c.abandon(ended) {
			if opts.verbose {
				printResult(w, r)
			}
		}
		res.Tests = append(res.Tests, c.results...)
		names = without(names, res.Tests)
		if len(names) > 0 && !slices.ContainsFunc(res.Tests[known:], func(t testResult) bool { return topLevel(t.Name) }) {
			return res, fmt.Errorf("the test process runs no test: %s\n%s", ended, excerpt(c.stray.String(), firstOutput, lastOutput))
		}
		if len(names) > 0 {
			fmt.Fprintf(w, "%s on %s: %s; going on with the %d tests left\n", s.pkg, s.backend, ended, len(names))
		}
	}
	res.Elapsed = time.Since(start)
	if len(res.Tests) == 0 {
		return res, errors.New("no test matches -run")
	}
	return res, nil
}

// printResult prints a test's result as it ends, and the output of a failed one.
func printResult(w io.Writer, t testResult) {
	fmt.Fprintf(w, "\t%-7s %s (%.2fs)\n", t.Outcome, t.Name, t.Seconds)
	if t.Outcome == failed && t.Output != "" {
		fmt.Fprintln(w, indent(t.Output, "\t\t"))
	}
}

func indent(s, prefix string) string {
	return prefix + strings.ReplaceAll(s, "\n", "\n"+prefix)
}

// skipPattern is the -test.skip that leaves out the tests that have a result,
// "" if none has.
func skipPattern(done []testResult) string {
	var names []string
	for _, t := range done {
		if topLevel(t.Name) {
			names = append(names, regexp.QuoteMeta(t.Name))
		}
	}
	if names == nil {
		return ""
	}
	return "^(" + strings.Join(names, "|") + ")$"
}

// without returns the names that have no result yet.
func without(names []string, done []testResult) []string {
	has := make(map[string]bool, len(done))
	for _, t := range done {
		has[t.Name] = true
	}
	return slices.DeleteFunc(names, func(n string) bool { return has[n] })
}

// logFile is where the suite's event stream is kept, "" for nowhere.
func (o options) logFile(s suite) string {
	if o.logDir == "" {
		return ""
	}
	return filepath.Join(o.logDir, s.fileName()+".json")
}
