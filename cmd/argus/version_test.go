package main

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

func TestVersion(t *testing.T) {
	first := regexp.MustCompile(`^argus (devel|v\S+) \(go\S+, linux/\w+\)\ndelve v\d+\.\d+\.\d+\n`)
	for _, arg := range []string{"version", "--version"} {
		if r := runArgus(t, arg); r.status != 0 || !first.MatchString(r.stdout) {
			t.Errorf("%s: status %d, %q", arg, r.status, r.stdout)
		}
	}
	var v map[string]any
	r := runArgus(t, "version", "--json")
	if err := json.Unmarshal([]byte(r.stdout), &v); err != nil || v["version"] == "" || !strings.HasPrefix(v["delve"].(string), "v1.") {
		t.Errorf("%v in %q", err, r.stdout)
	}
}
