package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// A report is what a run of the command found out.
type report struct {
	Delve  string        // version of Delve's module
	Suites []suiteResult // in the order they ran
}

// counts are of tests; subtests are part of theirs.
type counts struct {
	Passed  int `json:"passed"`
	Skipped int `json:"skipped"`
	Failed  int `json:"failed"`
}

func (s suiteResult) counts() (c counts) {
	for _, t := range s.Tests {
		if !topLevel(t.Name) {
			continue
		}
		switch t.Outcome {
		case passed:
			c.Passed++
		case skipped:
			c.Skipped++
		case failed:
			c.Failed++
		}
	}
	return c
}

// A difference is a test, or subtest, that fails on Argus and passes on
// Delve's own backend, or was not run there.
type difference struct {
	Package string     `json:"package"`
	Native  outcome    `json:"native,omitempty"` // "" if not run there
	Argus   testResult `json:"argus"`
}

// differences lists what makes the exit status 1. Where a package was not run
// on Delve's own backend every failure counts, but for those that are excused. A
// test that native skips and Argus fails counts too: it is no failure of the oracle.
func (r report) differences() []difference {
	native := make(map[string]map[string]outcome)
	for _, s := range r.Suites {
		if s.Backend == backendNative {
			outcomes := make(map[string]outcome, len(s.Tests))
			for _, t := range s.Tests {
				outcomes[t.Name] = t.Outcome
			}
			native[s.Package] = outcomes
		}
	}
	diffs := []difference{} // JSON has no null for a list
	for _, s := range r.Suites {
		if s.Backend == backendNative {
			continue
		}
		for _, t := range s.Tests {
			if was := native[s.Package][t.Name]; t.Outcome == failed && was != failed && s.excuse(t) == "" {
				diffs = append(diffs, difference{s.Package, was, t})
			}
		}
	}
	return diffs
}

func (r report) differs() bool { return len(r.differences()) > 0 }

// writeText prints a table of numbers, the tests that failed on Delve's own
// backend, and the differences with their output.
func (r report) writeText(w io.Writer) error {
	fmt.Fprintf(w, "Delve %s, tests (subtests not counted apart)\n\n", r.Delve)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "suite\tbackend\tpassed\tskipped\tfailed\ttime\t")
	for _, s := range r.Suites {
		c := s.counts()
		fmt.Fprintf(tw, "%s\t%s\t%d\t%d\t%d\t%s\t\n", s.Package, s.Backend, c.Passed, c.Skipped, c.Failed, s.Elapsed.Round(100*time.Millisecond))
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	for _, s := range r.Suites {
		if s.Backend != backendNative {
			continue
		}
		for _, t := range s.Tests {
			if t.Outcome == failed {
				fmt.Fprintf(w, "\nfailed on Delve's own backend: %s %s\n", s.Package, t.Name)
			}
		}
	}
	for _, s := range r.Suites {
		for _, t := range s.Tests {
			switch why := s.excuse(t); {
			case t.Outcome == failed && why != "" && topLevel(t.Name):
				fmt.Fprintf(w, "\nexcused: %s %s: %s\n", s.Package, t.Name, why)
			case t.Outcome == skipped && t.Note != "":
				fmt.Fprintf(w, "\nnot run: %s %s: %s\n", s.Package, t.Name, t.Note)
			}
		}
	}
	diffs := r.differences()
	if len(diffs) > 0 {
		fmt.Fprintf(w, "\n%d failed on argus only:\n", len(diffs))
	}
	for _, d := range diffs {
		was := "not run on native"
		if d.Native != "" {
			was = string(d.Native) + " on native"
		}
		fmt.Fprintf(w, "\n%s %s (%s)\n", d.Package, d.Argus.Name, was)
		if d.Argus.Note != "" {
			fmt.Fprintf(w, "    %s\n", d.Argus.Note)
		}
		if d.Argus.Output != "" {
			fmt.Fprintln(w, indent(d.Argus.Output, "    "))
		}
	}
	_, err := fmt.Fprintln(w, "\n"+r.verdict())
	return err
}

// verdict is the last line of the text report.
func (r report) verdict() string {
	ran := make(map[string]bool)
	for _, s := range r.Suites {
		ran[s.Backend] = true
	}
	n := len(r.differences())
	switch {
	case !ran[backendArgus] && !ran[backendServer]:
		return "Argus's backend was not run."
	case n > 0 && ran[backendServer]:
		return fmt.Sprintf("Argus's DAP server is not level with Delve's: %d differ.", n)
	case ran[backendServer] && ran[backendNative]:
		return "Argus's DAP server is level with Delve's."
	case n > 0:
		return fmt.Sprintf("Argus is not level with Delve's own backend: %d differ.", n)
	case !ran[backendNative]:
		return "No test failed on Argus; Delve's own backend was not run."
	default:
		return "Argus is level with Delve's own backend."
	}
}

// writeJSON prints the report as one JSON object.
func (r report) writeJSON(w io.Writer) error {
	type suiteJSON struct {
		suiteResult
		counts
	}
	suites := make([]suiteJSON, len(r.Suites))
	for i, s := range r.Suites {
		suites[i] = suiteJSON{s, s.counts()}
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(struct {
		Delve       string       `json:"delve"`
		Suites      []suiteJSON  `json:"suites"`
		Differences []difference `json:"differences"`
	}{r.Delve, suites, r.differences()})
}
