package dap

import (
	"strconv"
	"strings"
	"testing"
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
