package main

import "testing"

func TestExcuse(t *testing.T) {
	server, native := suiteResult{Backend: backendServer}, suiteResult{Backend: backendNative}
	failure := testResult{Name: "TestBreakpointAfterDisconnect/sub", Outcome: failed}
	if server.excuse(failure) == "" || native.excuse(failure) != "" {
		t.Error("what is excused is the server's failure, with all its subtests")
	}
	if why := server.excuse(testResult{Name: "TestStackTraceRequest"}); why != "" {
		t.Errorf("excused for nothing: %s", why)
	}
	r := report{Suites: []suiteResult{{Package: serverSuite, Backend: backendServer, Tests: []testResult{failure}}}}
	if r.differs() {
		t.Error("what is excused counts")
	}
}
