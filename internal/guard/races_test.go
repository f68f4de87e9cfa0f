//go:build race

package guard

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// TestGoTargetHasNoRaces: what breaks in a program of ours that is guarded was whole before.
func TestGoTargetHasNoRaces(t *testing.T) {
	testkit.Watchdog(t)
	cmd := exec.Command(testkit.Target(t, "guarded", testkit.Race), "2000", "4", "collect")
	cmd.Stdin = strings.NewReader("go\n")
	if out, err := cmd.CombinedOutput(); err != nil || strings.Contains(string(out), "DATA RACE") {
		t.Errorf("%v\n%s", err, out)
	}
}
