package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func sampleReport() report {
	return report{Delve: "v1.2.3", Suites: []suiteResult{
		{Package: "pkg/proc", Backend: backendNative, Elapsed: 90 * time.Second, Tests: []testResult{
			{Name: "TestSame", Outcome: passed}, {Name: "TestOurs", Outcome: passed}, {Name: "TestOurs/sub", Outcome: passed},
			{Name: "TestBoth", Outcome: failed}, {Name: "TestTheirs", Outcome: failed}, {Name: "TestSkipped", Outcome: skipped},
		}},
		{Package: "pkg/proc", Backend: backendArgus, Elapsed: time.Minute, Tests: []testResult{
			{Name: "TestSame", Outcome: passed}, {Name: "TestOurs", Outcome: failed, Output: "said so"}, {Name: "TestOurs/sub", Outcome: failed},
			{Name: "TestBoth", Outcome: failed}, {Name: "TestTheirs", Outcome: passed}, {Name: "TestSkipped", Outcome: failed, Note: "hung"},
		}},
	}}
}

func TestDifferences(t *testing.T) {
	var got []string
	for _, d := range sampleReport().differences() {
		got = append(got, d.Argus.Name+" "+string(d.Native))
	}
	if want := "TestOurs passed, TestOurs/sub passed, TestSkipped skipped"; strings.Join(got, ", ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestDifferencesWithoutNative(t *testing.T) {
	r := sampleReport()
	r.Suites = r.Suites[1:]
	if got := len(r.differences()); got != 4 {
		t.Errorf("got %d, want all 4 failures", got)
	}
	r.Suites[0].Tests = r.Suites[0].Tests[:1]
	if r.differs() || !strings.Contains(r.verdict(), "not run") {
		t.Errorf("no failure: differs %v, verdict %q", r.differs(), r.verdict())
	}
}

func TestVerdictLevel(t *testing.T) {
	r := sampleReport()
	r.Suites[1].Tests = r.Suites[0].Tests
	if r.differs() || r.verdict() != "Argus is level with Delve's own backend." {
		t.Errorf("the same results: differs %v, verdict %q", r.differs(), r.verdict())
	}
	r.Suites = r.Suites[:1]
	if r.differs() || r.verdict() != "Argus's backend was not run." {
		t.Errorf("native only: differs %v, verdict %q", r.differs(), r.verdict())
	}
}

func TestWriteText(t *testing.T) {
	var out bytes.Buffer
	if err := sampleReport().writeText(&out); err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(out.String()), " ")
	for _, want := range []string{
		"Delve v1.2.3",
		"pkg/proc native 2 1 2 1m30s",
		"pkg/proc argus 2 0 3 1m0s",
		"failed on Delve's own backend: pkg/proc TestTheirs",
		"3 failed on argus only:",
		"TestOurs (passed on native) said so",
		"TestSkipped (skipped on native) hung",
		"not level with Delve's own backend: 3 differ.",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
}

func TestWriteJSON(t *testing.T) {
	var out bytes.Buffer
	if err := sampleReport().writeJSON(&out); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Delve  string
		Suites []struct {
			Package, Backend        string
			Passed, Skipped, Failed int
			Tests                   []testResult
		}
		Differences []struct {
			Package, Native string
			Argus           testResult
		}
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Delve != "v1.2.3" || len(got.Suites) != 2 || got.Suites[1].Failed != 3 || got.Suites[1].Backend != "argus" ||
		len(got.Suites[0].Tests) != 6 || len(got.Differences) != 3 || got.Differences[0].Argus.Output != "said so" {
		t.Errorf("got %+v", got)
	}
	out.Reset()
	if err := (report{}).writeJSON(&out); err != nil || strings.Contains(out.String(), "null") {
		t.Errorf("lists with nothing in them must be [], not null: %s, %v", &out, err)
	}
}
