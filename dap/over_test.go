package dap

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A program that replaces itself by another is told of, and then how that ends.
func TestReplaced(t *testing.T) {
	ed := newEditor(t)
	ed.launch(lifeTarget(t), with{"args": []string{"exec", lifeTarget(t), "exit", "5"}})
	ed.configured()
	ed.output("important", "The program has replaced itself by "+lifeTarget(t)+", which is not debugged\n")
	if code := ed.ended(); code != 5 {
		t.Errorf("exit code %d", code)
	}
	ed.disconnect()
}

// It ends with the session, too: the editor's cleanup looks for it.
func TestReplacedAndCut(t *testing.T) {
	for _, how := range []string{"disconnect", "cut"} {
		ed := newEditor(t)
		ed.launch(lifeTarget(t), with{"args": []string{"exec", lifeTarget(t), "wait"}})
		ed.configured()
		said := strings.Fields(ed.heard("ready"))
		if pid, err := strconv.Atoi(said[len(said)-1]); err != nil || pid != ed.pid {
			t.Errorf("%q, process %d", said, ed.pid)
		}
		ed.output("important", "The program has replaced itself")
		if how == "disconnect" {
			ed.disconnect()
		}
		ed.leave()
	}
}

// It ends, too, when the session does so at the moment at which it begins.
func TestReplacedMeanwhile(t *testing.T) {
	for range few(30) {
		ed := newEditor(t)
		ed.launch(lifeTarget(t), with{"args": []string{"exec", lifeTarget(t), "wait"}})
		ed.send("configurationDone", nil)
		for deadline := time.Now().Add(patience); ; {
			args, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", ed.pid))
			if err != nil || time.Now().After(deadline) {
				t.Fatalf("the program does not replace itself: %q, %v", args, err)
			}
			if len(args) > 0 && !bytes.Contains(args, []byte("\x00exec\x00")) {
				break
			}
		}
		ed.disconnect()
		ed.leave()
	}
}
