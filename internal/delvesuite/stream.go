package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// An outcome is how a test ended.
type outcome string

const (
	passed  outcome = "passed"
	skipped outcome = "skipped"
	failed  outcome = "failed"
)

// A testResult is one test's or subtest's.
type testResult struct {
	Name    string  `json:"name"`
	Outcome outcome `json:"outcome"`
	Seconds float64 `json:"seconds"`          // as the testing package measured it
	Output  string  `json:"output,omitempty"` // of a failed test, its first and last lines
	Note    string  `json:"note,omitempty"`   // why it counts as failed without having said so, or was not run
}

// An event is a line of go tool test2json (go doc test2json).
type event struct {
	Action  string
	Test    string
	Elapsed float64 // in seconds
	Output  string
}

// readEvents decodes a test2json stream and passes each event to fn.
func readEvents(r io.Reader, fn func(event)) error {
	// Not a Scanner: a line of output may be of any length.
	br := bufio.NewReader(r)
	for {
		line, err := br.ReadBytes('\n')
		if len(line) > 0 {
			var ev event
			if err := json.Unmarshal(line, &ev); err != nil {
				return fmt.Errorf("not a line of test2json: %q: %w", line, err)
			}
			fn(ev)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// What is kept of a failed test's output, in lines: assertions are at its end, a
// panic and the goroutine it happened in where the test stopped.
const (
	firstOutput = 80
	lastOutput  = 60
)

// A collector turns the events of one run of a test process into results.
type collector struct {
	results []testResult
	running map[string]bool // started and not ended; false while paused for its parallel turn
	output  map[string]*strings.Builder
	stray   strings.Builder // output outside of tests
}

func newCollector() *collector {
	return &collector{running: make(map[string]bool), output: make(map[string]*strings.Builder)}
}

// add takes the next event. It returns the result if the event ends a test,
// and whether it is a sign of progress: a test that starts, ends or is paused.
func (c *collector) add(ev event) (res *testResult, progress bool) {
	if ev.Test == "" {
		if ev.Action == "output" {
			c.stray.WriteString(ev.Output)
		}
		return nil, false
	}
	switch ev.Action {
	case "run", "cont":
		c.running[ev.Test] = true
	case "pause":
		c.running[ev.Test] = false
	case "output":
		b := c.output[ev.Test]
		if b == nil {
			b = new(strings.Builder)
			c.output[ev.Test] = b
		}
		b.WriteString(ev.Output)
		return nil, false
	case "pass":
		return c.end(ev, passed), true
	case "skip":
		return c.end(ev, skipped), true
	case "fail":
		return c.end(ev, failed), true
	default:
		return nil, false
	}
	return nil, true
}

func (c *collector) end(ev event, o outcome) *testResult {
	res := testResult{Name: ev.Test, Outcome: o, Seconds: ev.Elapsed}
	if b := c.output[ev.Test]; b != nil && o == failed {
		res.Output = excerpt(b.String(), firstOutput, lastOutput)
	}
	delete(c.running, ev.Test)
	delete(c.output, ev.Test)
	c.results = append(c.results, res)
	return &c.results[len(c.results)-1]
}

// abandon ends the tests that were running when the process ended as failed,
// for the reason given, and returns their results. Tests that waited for their parallel turn get no
// result: they were not run.
func (c *collector) abandon(reason string) []testResult {
	ended := len(c.results)
	for name, active := range c.running {
		if !active {
			continue
		}
		res := c.end(event{Test: name}, failed)
		res.Note = reason
		if res.Output == "" {
			// A crash is often printed after test2json lost track of
			// whose output it is.
			res.Output = excerpt(c.stray.String(), firstOutput, lastOutput)
		}
	}
	return c.results[ended:]
}

// topLevel tells whether name is a test and not a subtest.
func topLevel(name string) bool {
	return !strings.Contains(name, "/")
}

// excerpt returns the first and the last lines of s, all of it if it has no
// more than those.
func excerpt(s string, first, last int) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	if left := len(lines) - first - last; left > 0 {
		lines = slices.Concat(lines[:first], []string{fmt.Sprintf("[%d lines left out]", left)}, lines[len(lines)-last:])
	}
	return strings.Join(lines, "\n")
}
