package main

import (
	"slices"
	"testing"
)

func TestExcuse(t *testing.T) {
	failure := func(name, output string) testResult {
		return testResult{Name: name, Outcome: failed, Output: output}
	}
	const meant, other = "    server_test.go:7465: got\n", "    server_test.go:1: got\n"
	for _, tt := range []struct {
		name    string
		backend string
		tests   []testResult
		excused bool
	}{
		{"at its line", backendServer, []testResult{failure("TestBadAttachRequest", meant)}, true},
		{"in a subtest", backendServer, []testResult{failure("TestBadAttachRequest/sub", meant), failure("TestBadAttachRequest", "--- FAIL")}, true},
		{"at another too", backendServer, []testResult{failure("TestBadAttachRequest", meant+other)}, false},
		{"at another in a subtest", backendServer, []testResult{failure("TestBadAttachRequest/sub", other), failure("TestBadAttachRequest", meant)}, false},
		{"nowhere", backendServer, []testResult{failure("TestBadAttachRequest", "panic")}, false},
		{"without an end", backendServer, []testResult{{Name: "TestBadAttachRequest", Outcome: failed, Output: meant, Note: "no end"}}, false},
		{"another test", backendServer, []testResult{failure("TestStackTraceRequest", meant)}, false},
		{"not our server", backendNative, []testResult{failure("TestBadAttachRequest", meant)}, false},
	} {
		s := suiteResult{Package: serverSuite, Backend: tt.backend, Tests: tt.tests}
		for _, test := range tt.tests {
			if got := s.excuse(test) != ""; got != tt.excused {
				t.Errorf("%s: %s is excused: %v", tt.name, test.Name, got)
			}
		}
		if r := (report{Suites: []suiteResult{s}}); tt.backend == backendServer && r.differs() == tt.excused {
			t.Errorf("%s: it counts: %v", tt.name, !tt.excused)
		}
	}
}

// TestLeaveOut: what is not run is reported as such, on Argus's server alone.
func TestLeaveOut(t *testing.T) {
	names := []string{"TestHaltPreventsAutoResume", "TestBadAttachRequest"}
	left := leaveOut(backendServer, names)
	if len(left) != 1 || left[0].Name != names[0] || left[0].Outcome != skipped || left[0].Note == "" {
		t.Errorf("left out: %+v", left)
	}
	if left := leaveOut(backendNative, names); left != nil {
		t.Errorf("left out of Delve's own: %+v", left)
	}
	if names = without(names, left); !slices.Equal(names, []string{"TestBadAttachRequest"}) {
		t.Errorf("to be run: %v", names)
	}
}

// TestTakeOut: a test of Delve's that has changed is not cut blindly.
func TestTakeOut(t *testing.T) {
	if _, err := takeOut([]byte("package dap\n")); err == nil {
		t.Error("lines are taken out of what does not have them")
	}
}
