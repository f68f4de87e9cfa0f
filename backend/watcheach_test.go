package backend

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/argusdbg/argus/internal/testkit"
)

// TestMillion: each of a million elements is watched, and the one write among them found.
func TestMillion(t *testing.T) { eachDriver(t, testMillion) }

func testMillion(t *testing.T) {
	n := 1_000_000
	if testing.Short() {
		n = 50_000
	}
	s := launch(t, testkit.Debug, "million", fmt.Sprint(n))
	needGuards(t, s)
	runTo(t, s, "main.opaque")
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	begin := time.Now()
	all, err := s.WatchEach(context.Background(), "main.many", Write)
	if err != nil {
		t.Fatal(err)
	}
	took := time.Since(begin)
	runtime.GC()
	runtime.ReadMemStats(&after)
	t.Logf("%d watchpoints: set in %v, %d MB", n, took, (after.HeapAlloc-before.HeapAlloc)>>20)
	if len(all) != n || all[n-1].Expr() != fmt.Sprintf("main.many[%d]", n-1) || all[5].Addr() != all[0].Addr()+40 {
		t.Fatalf("%d watchpoints, the last is %s", len(all), all[n-1].Expr())
	}
	stop := stopAt(t, s.Continue, ReasonWatchpoint)
	if len(stop.Hits) != 1 || stop.Hits[0].Watchpoint != all[n/3] || stop.Hits[0].New.String() != "7" {
		t.Fatalf("%v", stop.Hits)
	}
	toTheEnd(t, s, 0)
	for i, w := range all {
		want := uint64(0)
		if i == n/3 {
			want = 1
		}
		if st := w.Stats(); st.Hits != want || st.Coverage != Exact {
			t.Fatalf("%s: %d hits, %s (%s)", w.Expr(), st.Hits, st.Coverage, st.Reason)
		}
	}
}

// TestWatchEachOfWhat: what has no elements that could be watched says so.
func TestWatchEachOfWhat(t *testing.T) {
	s := launch(t, testkit.Debug, "twice", "1")
	for expr, want := range map[string]string{
		"main.x":    "name an array or a slice",
		"main.many": "without elements",
		"main.nix":  "no variable",
		"main.name": "name an array or a slice",
	} {
		if _, err := s.WatchEach(context.Background(), expr, Write); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", expr, err, want)
		}
	}
	if _, err := s.WatchEach(context.Background(), "main.big", Write, InMode(ModeSampled)); err == nil {
		t.Error("they cannot take turns")
	}
}
