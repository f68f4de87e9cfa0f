package backend

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/testkit"
)

// parked starts a program of so many goroutines, parked in all ways, and stops it when
// they are.
func parked(t testing.TB, mode testkit.Mode, args ...string) *Session {
	t.Helper()
	testkit.Watchdog(t)
	s := launchPath(t, testkit.Target(t, "parked", mode), args...)
	setBreak(t, s, "main.settled", "")
	stopAt(t, s.Continue, ReasonBreakpoint)
	return s
}

// byDelve lists the goroutines as Delve does.
func byDelve(t testing.TB, s *Session) map[int64]GoroutineInfo {
	t.Helper()
	all := map[int64]GoroutineInfo{}
	if err := s.do(context.Background(), func() error {
		gs, _, err := proc.GoroutinesInfo(s.target, 0, 0)
		for _, g := range gs {
			const deadExtra = 11 // of Go 1.26: kept for a thread of C, no goroutine
			if g.Unreadable == nil && g.Status == deadExtra {
				continue
			}
			began := g.StartLoc(s.target)
			info := GoroutineInfo{Goroutine: Goroutine{ID: g.ID}, Place: placeOf(g.UserCurrent()), Current: placeOf(g.CurrentLoc),
				Began: placeOf(began), Created: placeOf(g.Go()), System: g.System(s.target), Labels: g.Labels(), WaitSince: g.WaitSince, Unreadable: g.Unreadable}
			info.Start = info.Began.Function
			if g.Thread != nil {
				info.Thread = g.Thread.ThreadID()
			}
			if sel := s.target.SelectedGoroutine(); sel != nil {
				info.Selected = sel.ID == g.ID
			}
			all[g.ID] = info
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestGoroutinesAreDelves: the same goroutines are in the same places as Delve finds them.
func TestGoroutinesAreDelves(t *testing.T) {
	for _, mode := range testkit.Modes {
		t.Run(string(mode), func(t *testing.T) {
			s := parked(t, mode, "300", "6")
			for range 2 { // what was learned at the first stop holds at the next
				want := byDelve(t, s)
				got, total, err := s.GoroutinePage(context.Background(), GoroutineQuery{Labels: true})
				if err != nil || total != len(got) || len(got) < 300 || s.population.labels == nil {
					t.Fatalf("%d goroutines of %d, %v", len(got), total, err)
				}
				for _, g := range got {
					w, ok := want[g.ID]
					if !ok {
						t.Errorf("goroutine %d: Delve has none", g.ID)
					}
					delete(want, g.ID)
					g.Status, g.WaitReason = "", ""
					if !sameGoroutine(g, w) {
						t.Errorf("goroutine %d:\n%+v\nDelve:\n%+v", g.ID, g, w)
					}
				}
				if len(want) != 0 {
					t.Errorf("not listed: %v", want)
				}
				stopAt(t, s.Continue, ReasonBreakpoint)
			}
		})
	}
}

func sameGoroutine(a, b GoroutineInfo) bool {
	return maps.Equal(a.Labels, b.Labels) && a.Goroutine == b.Goroutine && a.Place == b.Place && a.Current == b.Current && a.Began == b.Began && a.Created == b.Created &&
		a.Thread == b.Thread && a.System == b.System && a.Selected == b.Selected && a.WaitSince == b.WaitSince &&
		(a.Unreadable == nil) == (b.Unreadable == nil)
}

// TestGoroutinePages: pages are parts of one list, the interesting ones first.
func TestGoroutinePages(t *testing.T) {
	s := parked(t, testkit.Debug, "100", "3")
	ctx := context.Background()
	all, total, err := s.GoroutinePage(ctx, GoroutineQuery{})
	if err != nil || total != len(all) {
		t.Fatalf("%d of %d, %v", len(all), total, err)
	}
	if g := all[0]; !g.Selected || g.Place.Function != "main.settled" || g.Thread == 0 || g.Status != "running" || g.Began.Function != "runtime.main" {
		t.Errorf("the first is %+v", g)
	}
	for i, g := range all[1:] {
		before := all[i]
		if g.Selected || g.Thread != 0 && before.Thread == 0 || i > 0 && (g.Thread != 0) == (before.Thread != 0) && g.ID <= before.ID {
			t.Errorf("%d is behind %d: %+v, %+v", g.ID, before.ID, g, before)
		}
	}
	var paged []GoroutineInfo
	for len(paged) < total {
		page, n, err := s.GoroutinePage(ctx, GoroutineQuery{Start: len(paged), Count: 17})
		if err != nil || n != total || len(page) == 0 || len(page) > 17 {
			t.Fatalf("page from %d: %d of %d, %v", len(paged), len(page), n, err)
		}
		paged = append(paged, page...)
	}
	for i := range paged {
		if !sameGoroutine(paged[i], all[i]) || paged[i].Status != all[i].Status || paged[i].WaitReason != all[i].WaitReason {
			t.Errorf("%d: %+v, in one list %+v", i, paged[i], all[i])
		}
	}
	if page, n, err := s.GoroutinePage(ctx, GoroutineQuery{Start: total + 5, Count: 3}); err != nil || n != total || len(page) != 0 {
		t.Errorf("beyond the end: %v of %d, %v", page, n, err)
	}
	brief, n, err := s.GoroutinePage(ctx, GoroutineQuery{Brief: true})
	if err != nil || n != total || len(brief) != total {
		t.Fatalf("briefly: %d of %d, %v", len(brief), n, err)
	}
	for i, g := range brief {
		long := all[i]
		if g.Goroutine != long.Goroutine || g.Place.Function != long.Place.Function || g.Thread != long.Thread || g.Status != long.Status ||
			g.System != long.System || g.Selected != long.Selected || g.Created != (Place{}) || g.Current != (Place{}) {
			t.Errorf("briefly %+v, at length %+v", g, long)
		}
	}
	inOrder, err := s.Goroutines(ctx)
	if err != nil || len(inOrder) != total || !slices.IsSortedFunc(inOrder, func(a, b GoroutineInfo) int { return cmp.Compare(a.ID, b.ID) }) {
		t.Errorf("%d goroutines by id, %v", len(inOrder), err)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, _, err := s.GoroutinePage(cancelled, GoroutineQuery{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestWaitReasons: what goroutines wait for is in the runtime's own words.
func TestWaitReasons(t *testing.T) {
	s := parked(t, testkit.Optimized, "100")
	list, _, err := s.GoroutinePage(context.Background(), GoroutineQuery{HideSystem: true, Labels: true})
	if err != nil {
		t.Fatal(err)
	}
	reasons := map[string]string{} // by the function that parks
	for _, g := range list {
		frames, err := s.Stack(context.Background(), g.ID, 50)
		if err != nil {
			t.Fatal(err)
		}
		labelled := strings.HasPrefix(g.Created.Function, "main.labelled")
		for _, f := range frames {
			if name, ok := strings.CutPrefix(f.Function, "main."); ok && reasons[name] == "" {
				reasons[name] = strings.TrimSpace(g.Status + " " + g.WaitReason)
			}
			labelled = labelled || f.Function == "main.labelled"
		}
		if labelled != (g.Labels["way"] == "labelled") {
			t.Errorf("%s, made at %s, has the labels %v", frames, g.Created, g.Labels)
		}
	}
	for name, want := range map[string]string{
		"receive": "waiting chan receive", "send": "waiting chan send", "receiveNil": "waiting chan receive (nil chan)",
		"choose": "waiting select", "chooseNothing": "waiting select (no cases)", "sleep": "waiting sleep",
		"lock": "waiting sync.Mutex.Lock", "wait": "waiting sync.Cond.Wait", "inSystemCall": "syscall",
		"accept": "waiting IO wait", "settled": "running",
	} {
		if reasons[name] != want {
			t.Errorf("%s is %q, want %q", name, reasons[name], want)
		}
	}
}

// TestFindGoroutine: any goroutine is found by its id, whatever was listed before.
func TestFindGoroutine(t *testing.T) {
	s := parked(t, testkit.Debug, "100")
	ctx := context.Background()
	for range 2 {
		list, err := s.Goroutines(ctx)
		if err != nil {
			t.Fatal(err)
		}
		s.population.index = nil // as if nothing had been listed
		for _, g := range []GoroutineInfo{list[len(list)-1], list[0], list[len(list)/2]} {
			frames, err := s.Stack(ctx, g.ID, 50)
			if err != nil || !slices.ContainsFunc(frames, func(f Frame) bool { return f.PC == g.Place.PC }) || frames[0].PC != g.Current.PC {
				t.Errorf("goroutine %d: %v, %v; it is in %v", g.ID, frames, err, g.Place)
			}
			for i, f := range frames {
				if f.Index != i || f.Package != "main" && strings.HasPrefix(f.Function, "main.") {
					t.Errorf("frame %d: %+v", i, f)
				}
			}
			if err := s.SelectGoroutine(ctx, g.ID); err != nil {
				t.Error(err)
			}
			now, _, err := s.GoroutinePage(ctx, GoroutineQuery{Count: 1})
			if err != nil || now[0].ID != g.ID || !now[0].Selected {
				t.Errorf("selected %d, the list begins with %v, %v", g.ID, now, err)
			}
		}
		stopAt(t, s.Continue, ReasonBreakpoint)
	}
	for _, id := range []int64{1 << 40, -7} {
		if err := s.SelectGoroutine(ctx, id); err == nil {
			t.Errorf("goroutine %d is there", id)
		}
		if _, err := s.Stack(ctx, id, 3); err == nil {
			t.Errorf("goroutine %d has a stack", id)
		}
	}
}

// TestGoroutinesOfARunningProgram are listed while it runs, and it runs on.
func TestGoroutinesOfARunningProgram(t *testing.T) {
	s := parked(t, testkit.Debug, "50", "4")
	for _, b := range s.breaks {
		if err := b.Remove(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if ev, err := s.Continue(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%v, %v", ev, err)
		}
	}()
	for !s.Running() {
		runtime.Gosched()
	}
	for range 20 {
		list, total, err := s.GoroutinePage(context.Background(), GoroutineQuery{Labels: true})
		if err != nil || total != len(list) || total < 50 {
			t.Fatalf("%d of %d, %v", len(list), total, err)
		}
		seen := map[int64]bool{}
		for _, g := range list {
			if g.Unreadable != nil || seen[g.ID] || g.ID == 0 {
				t.Errorf("%+v", g)
			}
			seen[g.ID] = true
		}
	}
	cancel()
	<-ended
}

// TestGoroutinesOfACore are those of the program that left it, in the same places.
func TestGoroutinesOfACore(t *testing.T) {
	s := parked(t, testkit.Debug, "60", "2")
	ctx := context.Background()
	want, err := s.Goroutines(ctx)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "core")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	var state proc.DumpState
	if s.target.Dump(f, 0, &state); state.Err != nil {
		t.Fatal(state.Err)
	}
	core := openCore(t, s.Path(), path)
	got, err := core.Goroutines(ctx)
	if err != nil || len(got) != len(want) {
		t.Fatalf("%d goroutines, %v; want %d", len(got), err, len(want))
	}
	for i, g := range got {
		if w := want[i]; g.ID != w.ID || g.Place != w.Place || g.Start != w.Start || g.Created != w.Created || g.Status != w.Status || g.WaitReason != w.WaitReason {
			t.Errorf("%+v\nin the process:\n%+v", g, w)
		}
	}
	last := got[len(got)-1]
	frames, err := core.Stack(ctx, last.ID, 20)
	if err != nil || frames[0].PC != last.Current.PC {
		t.Errorf("%v, %v", frames, err)
	}
	if regs, err := core.Registers(ctx, Scope{Goroutine: last.ID}, false); err != nil || len(regs) == 0 {
		t.Errorf("%v, %v", regs, err)
	}
	if code, err := core.Disassemble(ctx, last.Current.PC, 3, 6); err != nil || !code[0].Valid() || !code[5].Valid() {
		t.Errorf("%v, %v", code, err)
	}
}

// TestBeforeTheFirstInstruction: there is no goroutine yet, and that is no error.
func TestBeforeTheFirstInstruction(t *testing.T) {
	testkit.Watchdog(t)
	s := launchPath(t, testkit.Target(t, "parked", testkit.Debug), "1")
	ctx := context.Background()
	if list, total, err := s.GoroutinePage(ctx, GoroutineQuery{Labels: true, HideSystem: true}); err != nil || len(list)+total != 0 {
		t.Errorf("%v, %v", list, err)
	}
	if regs, err := s.Registers(ctx, Selected, true); err != nil || len(regs) == 0 {
		t.Errorf("%v, %v", regs, err)
	}
	threads, err := s.Threads(ctx)
	if err != nil || len(threads) != 1 || threads[0].Goroutine.ID != 0 {
		t.Errorf("%v, %v", threads, err)
	}
	if code, err := s.Disassemble(ctx, threads[0].Place.PC, 0, 3); err != nil || !code[0].Valid() {
		t.Errorf("%v, %v", code, err)
	}
	if _, err := s.Stack(ctx, 1, 5); err == nil {
		t.Error("goroutine 1 has a stack before it is there")
	}
}
