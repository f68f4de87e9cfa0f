package dap

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-dap"

	"github.com/argusdbg/argus/internal/testkit"
)

// inWorker stops a scenario of the target about workers at a line.
func inWorker(t *testing.T, cfg Config, line string, args ...string) (*editor, dap.StoppedEventBody) {
	t.Helper()
	ed := newEditorWith(t, cfg)
	file := targetFile(t, "workers", "main.go")
	ed.launch(testkit.Target(t, "workers", testkit.Debug), with{"args": args})
	ed.breakAt(file, lineOf(t, file, line))
	ed.configured()
	stop := ed.stopped()
	ed.breakAt(file)
	return ed, stop
}

// TestDataOfGoroutine: a data breakpoint on a local variable is about the goroutine and the
// call in which it was set, while others call the same function.
func TestDataOfGoroutine(t *testing.T) {
	onDrivers(t, func(t *testing.T, cfg Config) {
		const workers, each = 8, 6
		ed, stop := inWorker(t, cfg, "for i := 0; i < each", "sums", fmt.Sprint(workers), fmt.Sprint(each))
		id := stop.ThreadId
		info := ed.watchable("sum", ed.top(id).Id, 0)
		if info.DataId == nil {
			t.Fatalf("%+v", info)
		}
		ed.watch(dap.DataBreakpoint{DataId: info.DataId.(string), AccessType: "write"})
		for range each {
			ed.resume("continue", id)
			if stop := ed.stoppedFor("data breakpoint"); stop.ThreadId != id || !strings.Contains(stop.Text, fmt.Sprintf("written by goroutine %d at main.worker", id)) {
				t.Errorf("%+v, and not goroutine %d", stop, id)
			}
		}
		ed.resume("continue", id)
		if stop := ed.stoppedFor("data breakpoint"); !strings.Contains(stop.Text, "out of scope") || stop.ThreadId != id {
			t.Errorf("%+v", stop)
		}
		ed.resume("continue", id)
		ed.ended()
		ed.disconnect()
	})
}

// TestDataOfCall: and about that call, while the goroutine calls the function again.
func TestDataOfCall(t *testing.T) {
	onDrivers(t, func(t *testing.T, cfg Config) {
		ed, _ := inWorker(t, cfg, "if n > 1", "recursion", "4", "3")
		info := ed.watchable("depth", ed.top(1).Id, 0)
		if info.DataId == nil {
			t.Fatalf("%+v", info)
		}
		ed.watch(dap.DataBreakpoint{DataId: info.DataId.(string), AccessType: "write"})
		for i := range 3 { // of the outermost call, when the others are over
			ed.resume("continue", 1)
			calls := func(stack []dap.StackFrame) (n int) {
				for _, f := range stack {
					if f.Name == "main.descend" {
						n++
					}
				}
				return n
			}
			if stop := ed.stoppedFor("data breakpoint"); !strings.HasPrefix(stop.Text, fmt.Sprintf("depth: %d -> %d, written", i+3, i+4)) || calls(ed.stack(1)) != 1 {
				t.Errorf("%+v\n%v", stop, ed.stack(1))
			}
		}
		ed.watch()
		ed.resume("continue", 1)
		ed.ended()
		ed.disconnect()
	})
}

// TestDataOfGoroutines: the console's watch takes a selector, and says what others did.
func TestDataOfGoroutines(t *testing.T) {
	onDrivers(t, func(t *testing.T, cfg Config) {
		ed, stop := inWorker(t, cfg, "turn[0] <- true", "shared", "4", "3")
		ed.says("argus watch --goroutine label=job=2 main.total", "main.total", "coverage exact")
		for i := range 3 {
			ed.resume("continue", stop.ThreadId)
			if stop := ed.stoppedFor("data breakpoint"); !strings.HasPrefix(stop.Text, fmt.Sprintf("main.total: %d -> %d", i+6, i+7)) {
				t.Errorf("%+v", stop)
			}
		}
		ed.says("argus watches", "6 accesses by other goroutines let pass")
		if got := ed.refused("argus watch -goroutine func=main.nobody main.total"); !strings.Contains(got, "not found") {
			t.Error(got)
		}
		ed.resume("continue", stop.ThreadId)
		ed.ended()
		ed.disconnect()
	})
}

// TestBreakInGoroutine: a condition on the goroutine's id is compiled, so that those which it
// is not about are not stopped for.
func TestBreakInGoroutine(t *testing.T) {
	file := targetFile(t, "workers", "main.go")
	ed, stop := inWorker(t, Config{}, "for i := 0; i < each", "sums", "6", "5")
	id := stop.ThreadId
	ed.breakOn(file, dap.SourceBreakpoint{Line: lineOf(t, file, "sum += id"), Condition: fmt.Sprintf("runtime.curg.goid == %d", id)})
	for range 5 {
		ed.resume("continue", id)
		if stop := ed.stoppedFor("breakpoint"); stop.ThreadId != id {
			t.Errorf("%+v", stop)
		}
	}
	ed.says("argus conditions", fmt.Sprintf("if runtime.curg.goid == %d\n", id), "at main.worker", "compiled")
	ed.resume("continue", id)
	ed.ended()
	ed.disconnect()
}
