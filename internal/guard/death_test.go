package guard

import (
	"os"
	"runtime"
	"strings"
	"testing"
)

// TestDebuggerDies: killed while threads wait to write to a guarded page, the debugger leaves
// the program running, and nothing in it (FACTS D6).
func TestDebuggerDies(t *testing.T) {
	x := startTarget(t, program(t), nil)
	addr := x.at["heap"]
	x.answers(0, "writers", addr, 4)
	for range 50 {
		cmd, said := startHelper(t, x, addr, "wait")
		if said != "ready" {
			if os.Getuid() != 0 && unprivileged() && strings.Contains(said, "not permitted") {
				t.Skip(said)
			}
			t.Fatal(said)
		}
		eventually(t, "all threads wait", func() bool {
			was := x.peek(addr)
			for range 1000 {
				if x.peek(addr) != was {
					return false
				}
			}
			return true
		})
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		was := x.peek(addr)
		eventually(t, "the program runs", func() bool {
			if s := x.state(); s == 'Z' || s == 0 {
				t.Fatal("the program has died")
			}
			return x.peek(addr)-was > 1000
		})
	}
}

// TestDebuggerDiesServing: killed at any moment while it serves stores, which are emulated, the
// debugger leaves the program running. Where they are stepped over instead the end of a step
// that nobody waits for kills it: there is no promise then, and how often is logged.
func TestDebuggerDiesServing(t *testing.T) {
	died, times := 0, 50
	if testing.Short() {
		times = 10
	}
	for range times {
		x := startTarget(t, program(t), nil)
		addr := x.at["heap"]
		x.answers(0, "writers", addr, 4)
		cmd, said := startHelper(t, x, addr, "serve")
		if said != "ready" {
			if os.Getuid() != 0 && unprivileged() && strings.Contains(said, "not permitted") {
				t.Skip(said)
			}
			t.Fatal(said)
		}
		was := x.peek(addr)
		eventually(t, "writes go on", func() bool { return x.peek(addr)-was > 3 })
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		was = x.peek(addr)
		eventually(t, "the program runs or has died", func() bool {
			s := x.state()
			if s == 'Z' || s == 0 {
				died++
			}
			return s == 'Z' || s == 0 || x.peek(addr)-was > 1000
		})
		_ = x.cmd.Process.Kill()
	}
	t.Logf("%d of %d died", died, times)
	if died > 0 && runtime.GOARCH == "amd64" {
		t.Errorf("%d of %d programs died with their debugger", died, times)
	}
}
