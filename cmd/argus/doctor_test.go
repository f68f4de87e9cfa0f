package main

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestDoctor(t *testing.T) {
	r := runArgus(t, "doctor", "--json")
	var report struct {
		Watch  bool
		Checks []struct{ Name, Status string }
	}
	if err := json.Unmarshal([]byte(r.stdout), &report); err != nil || len(report.Checks) < 3 {
		t.Fatalf("%v in %q", err, r.stdout)
	}
	if (r.status == 0) != report.Watch || (!report.Watch && r.status != statusUnfit) {
		t.Errorf("status %d, watch %v", r.status, report.Watch)
	}
	text := runArgus(t, "doctor")
	for _, c := range report.Checks {
		if !strings.Contains(text.stdout, c.Name) {
			t.Errorf("no %s in\n%s", c.Name, text.stdout)
		}
	}
	if strings.Contains(text.stdout, "\x1b") || !strings.Contains(runArgus(t, "doctor", "--color=always").stdout, "\x1b[") {
		t.Error("--color has no effect")
	}
}
