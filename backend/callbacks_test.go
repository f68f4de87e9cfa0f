package backend

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/argusdbg/argus/internal/glue"
	"github.com/argusdbg/argus/internal/testkit"
)

// callbacks has threads of C call Go, twice over: each thread brings the goroutine of its
// calls along, and threads that come later use those of threads that have ended.
const callbacks = `package main

/*
#include <pthread.h>

extern void called(void);

static void *caller(void *arg) {
	for (int i = 0; i < 200; i++)
		called();
	return 0;
}

static void call(void) {
	for (int round = 0; round < 2; round++) {
		pthread_t t[3];
		for (int i = 0; i < 3; i++)
			pthread_create(&t[i], 0, caller, 0);
		for (int i = 0; i < 3; i++)
			pthread_join(t[i], 0);
	}
}
*/
import "C"

import (
	"runtime"
	"strconv"
	"strings"
)

var (
	shared  int64
	wrote   [1 << 16]int64 // by goroutine
)

//export called
func called() {
	var buf [64]byte
	id, _, _ := strings.Cut(strings.TrimPrefix(string(buf[:runtime.Stack(buf[:], false)]), "goroutine "), " ")
	n, _ := strconv.Atoi(id)
	begun(int64(n))
	wrote[n]++
	shared = int64(n)<<40 | wrote[n]
	if wrote[n]%10 == 0 {
		runtime.Gosched()
	}
}

//go:noinline
func begun(int64) {}

func main() {
	C.call()
	finished()
}

//go:noinline
func finished() {}
`

// TestCallbacks: a goroutine that a thread of C has brought along is followed to where it
// runs, though the scheduler does not know of it.
func TestCallbacks(t *testing.T) {
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("no C compiler")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"main.go": callbacks, "go.mod": "module target\n\ngo 1.24\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "callbacks")
	cmd := exec.Command("go", "build", "-o", path, ".")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "CGO_ENABLED=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, way := range []string{"", glue.SwitchesByHook} {
		t.Run(way, func(t *testing.T) {
			testkit.Watchdog(t)
			s := launchPath(t, path)
			s.switchWay, s.alwaysSwap = way, true
			b := setBreak(t, s, "main.begun", "")
			setBreak(t, s, "main.finished", "")
			stop := stopAt(t, s.Continue, ReasonBreakpoint)
			if err := b.Remove(t.Context()); err != nil {
				t.Fatal(err)
			}
			id := stop.Goroutine.ID
			var next, wrong int64
			threads := map[int]bool{}
			w := setWatch(t, s, "main.shared", Write, OnGoroutine(id), Report(func(h *Hit) {
				next++
				threads[h.Thread] = true
				if v, _ := h.New.Int(); v != id<<40|next {
					wrong++
				}
			}))
			stopAt(t, s.Continue, ReasonBreakpoint)
			wrote := numbers(t, s, "main.wrote", int(id)+1)[id]
			st := w.Stats()
			if next != wrote || wrote < 200 || wrong != 0 || st.Hits != uint64(wrote) || st.Coverage != Exact {
				t.Errorf("%d hits, %d of them wrong, of %d writes; %+v", next, wrong, wrote, st)
			}
			t.Logf("goroutine %d wrote %d times, on %d threads, by %s; others were met %d times", id, wrote, len(threads), st.Switches, st.Others)
		})
	}
}
