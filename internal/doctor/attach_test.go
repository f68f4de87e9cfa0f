package doctor

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"testing"
)

func TestAncestors(t *testing.T) {
	h := fake(map[string]string{
		"proc/self/status": "PPid:\t20\nUid:\t1000\t1000\t1000\t1000\n",
		"proc/20/status":   "PPid:\t10\nUid:\t1000\t1000\t1000\t1000\n",
		"proc/10/status":   "PPid:\t5\nUid:\t0\t0\t0\t0\n",
		"proc/5/status":    "PPid:\t1\nUid:\t0\t1000\t0\t0\n",
		"proc/1/status":    "PPid:\t0\nUid:\t0\t0\t0\t0\n",
	})
	if got := h.ancestors(); !slices.Equal(got, []int{20, 5}) {
		t.Errorf("got %v", got)
	}
	// A chain that bites its tail, as reading it while it changes may give.
	h = fake(map[string]string{"proc/self/status": "PPid:\t20\n", "proc/20/status": "PPid:\t20\nUid:\t1000\t1000\n"})
	if got := len(h.ancestors()); got == 0 || got > 64 {
		t.Errorf("got %d", got)
	}
}

// TestAttemptAttach gives processes out as ancestors: a child of ours, to which
// everybody has access, and one that is not there.
func TestAttemptAttach(t *testing.T) {
	cmd := exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err == nil {
			t.Error("sleep ended by itself")
		}
	}()
	const none = 1 << 30 // above the kernel's highest process id, 1<<22
	family := func(parent, grandparent int) host {
		uid := fmt.Sprintf("Uid:\t1000\t%d\n", os.Geteuid())
		h := fake(map[string]string{
			"proc/self/status":                         fmt.Sprintf("PPid:\t%d\n", parent),
			fmt.Sprintf("proc/%d/status", parent):      fmt.Sprintf("PPid:\t%d\n", grandparent) + uid,
			fmt.Sprintf("proc/%d/status", grandparent): "PPid:\t0\n" + uid,
		})
		h.uid = os.Geteuid()
		return h
	}
	for _, c := range []struct {
		h    host
		want attachOutcome
	}{
		{family(cmd.Process.Pid, none), attachOutcome{1, true}},
		{family(none, cmd.Process.Pid), attachOutcome{2, true}},
		{family(none, none+1), attachOutcome{2, false}},
		{fake(nil), attachOutcome{}},
	} {
		if got := attemptAttach(c.h); got != c.want {
			t.Errorf("got %+v, want %+v", got, c.want)
		}
	}
}
