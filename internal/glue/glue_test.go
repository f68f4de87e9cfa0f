package glue

import (
	"errors"
	"os"
	"testing"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/lanes"
	"github.com/argusdbg/argus/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func launch(t *testing.T, args ...string) *proc.TargetGroup {
	t.Helper()
	return launchObserved(t, NoObserver{}, args...)
}

func launchObserved(t *testing.T, o Observer, args ...string) *proc.TargetGroup {
	t.Helper()
	return launchWith(t, lanes.Options{}, o, args...)
}

func launchWith(t *testing.T, slots lanes.Options, o Observer, args ...string) *proc.TargetGroup {
	t.Helper()
	testkit.Watchdog(t)
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	path := testkit.Scenarios(t, testkit.Debug)
	g, err := LaunchObserved(LaunchConfig{Path: path, Args: append([]string{path}, args...), Stdout: null, Stderr: null, Slots: slots}, o)
	if err != nil {
		t.Fatal(err)
	}
	grp := g.Targets
	t.Cleanup(func() {
		if err := grp.Detach(true); err != nil {
			t.Error(err)
		}
	})
	return grp
}

// TestDelvesWatchpoint: what Delve's own watchpoints lose on its native backend (FACTS A9)
// is not lost here.
func TestDelvesWatchpoint(t *testing.T) {
	grp := launch(t, "fields", "20")
	tgt := grp.Selected
	scope, err := proc.ThreadScope(tgt, tgt.CurrentThread())
	if err != nil {
		t.Fatal(err)
	}
	hits := map[string]int{}
	for i, expr := range []string{"main.pair.A", "main.pair.B"} {
		if _, err := tgt.SetWatchpoint(i+1, scope, expr, proc.WatchWrite, nil); err != nil {
			t.Fatal(err)
		}
	}
	for {
		err := grp.Continue()
		var exited proc.ErrProcessExited
		if errors.As(err, &exited) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if tgt.StopReason != proc.StopWatchpoint {
			t.Fatalf("stopped for %v", tgt.StopReason)
		}
		hits[tgt.CurrentThread().Breakpoint().WatchExpr]++
	}
	if hits["main.pair.A"] != 20 || hits["main.pair.B"] != 20 {
		t.Errorf("hits %v, want 20 of each", hits)
	}
}

// TestFollowExec: children that a process starts are followed, and end.
func TestFollowExec(t *testing.T) {
	grp := launch(t, "children", "2")
	if err := grp.FollowExec(true, ""); err != nil {
		t.Fatal(err)
	}
	err := grp.Continue()
	var exited proc.ErrProcessExited
	if !errors.As(err, &exited) || exited.Status != 0 {
		t.Fatal(err)
	}
	if n := len(grp.Targets()); n != 3 {
		t.Errorf("%d targets, want the program and two children", n)
	}
}

func TestParseMapping(t *testing.T) {
	m, err := parseMapping("00400000-004c2000", "r-xp 00001000 fe:00 123  /tmp/a program")
	want := proc.MemoryMapEntry{Addr: 0x400000, Size: 0xc2000, Read: true, Exec: true, Offset: 0x1000, Filename: "/tmp/a program"}
	if err != nil || m != want {
		t.Errorf("%+v, %v; want %+v", m, err, want)
	}
	if m, err := parseMapping("7ffc0000-7ffd0000", "rw-p 00000000 00:00 0 [stack]"); err != nil || m.Filename != "" || !m.Write {
		t.Errorf("%+v, %v", m, err)
	}
	for _, bad := range [][2]string{{"", ""}, {"zz-1", "r-xp 0 fe:00 1"}, {"1-2", "r 0"}} {
		if _, err := parseMapping(bad[0], bad[1]); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func FuzzParseMapping(f *testing.F) {
	f.Add("00400000-004c2000", "r-xp 00001000 fe:00 123  /tmp/a program")
	f.Fuzz(func(t *testing.T, addresses, rest string) { _, _ = parseMapping(addresses, rest) })
}

func TestMemoryMap(t *testing.T) {
	grp := launch(t, "exit", "0")
	maps, err := grp.Selected.Process.(*Process).MemoryMap()
	if err != nil || len(maps) < 3 {
		t.Fatalf("%v, %v", maps, err)
	}
}
