package backend

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/perf"
	"github.com/argusdbg/argus/internal/testkit"
)

// The conformance suite: programs that access what is watched a known number of times, each
// in a way that debuggers have got wrong. docs/conformance.md says what is promised, and has
// the tables below as text.

// placement is where the suite has watchpoints sit, and what arms them.
type placement struct {
	name   string
	driver string        // as eachDriver names it
	opts   []WatchOption // that place a watchpoint there
	guard  bool          // behind write protection of its page, and not in a debug register
	steps  bool          // single steps take the place of page guards
}

// placements are those that every scenario runs on: first those in slots.
var placements = []placement{
	{name: "slot, perf", driver: "perf", opts: inSlots},
	{name: "slot, perf-safe", driver: "perf-safe", opts: inSlots},
	{name: "slot, ptrace", driver: "ptrace", opts: inSlots},
	{name: "guard, perf", driver: "perf", opts: behindGuards, guard: true},
	{name: "guard, ptrace", driver: "ptrace", opts: behindGuards, guard: true},
}

var (
	inSlots      = []WatchOption{InMode(ModePinned)}
	behindGuards = []WatchOption{func(o *watchOptions) { o.guarded = true }}
)

// figures are what a watchpoint's Stats are to say.
type figures struct {
	hits uint64
	most uint64 // if the processor decides: how many hits there are at most
	lost uint64 // of the hits
	// unseen: the value was found changed without a hit.
	unseen bool
	// unmapped: the memory was found to be gone.
	unmapped bool
	refused  bool // it cannot be set
}

// coverage is what follows.
func (f figures) coverage() Coverage {
	if f.lost > 0 || f.unseen || f.unmapped {
		return Partial
	}
	return Exact
}

func (f figures) String() string {
	if f.refused {
		return "refused"
	}
	s := fmt.Sprint(f.hits)
	if f.most > 0 {
		s += fmt.Sprintf(" to %d", f.most)
	}
	for _, more := range []struct {
		is   bool
		text string
	}{{f.lost > 0, fmt.Sprintf("%d of them lost", f.lost)}, {f.unseen, "and a change unseen"}, {f.unmapped, "and unmapped"}} {
		if more.is {
			s += ", " + more.text
		}
	}
	return s
}

// exactly are figures of watchpoints that miss nothing.
func exactly(n ...uint64) (all []figures) {
	for _, n := range n {
		all = append(all, figures{hits: n})
	}
	return all
}

// difference is what some placements say otherwise, and why.
type difference struct {
	at   placementKind
	want []figures // nil: it is not run there
	why  string

	// What its hits say:
	by       string // regular expression of the functions, if not that of the scenario
	call     string // the system call, if they name one
	unplaced bool   // the instruction is not known
}

// scenario is a program's doing, and what is to be seen of it.
type scenario struct {
	name  string   // unique in the suite
	does  string   // what the program does
	run   string   // arguments of the target
	watch []string // expressions, or TYPE@PLACE+OFFSET: bytes behind the word or behind *main.page
	want  []figures
	// differs is looked through for the first that holds.
	differs []difference

	reads  bool   // reads are watched too
	mapped bool   // it stops once more, when what is watched is there
	by     string // regular expression of the functions in which the writers are
	racing bool   // several threads write: hits are not told in the order of the writes
	needs  func() error
	look   func(t *testing.T, told [][]*Hit) // at the hits of each watchpoint
}

// theme is a part of the suite.
type theme struct {
	name      string
	debug     bool // without optimisations
	scenarios []scenario
}

// at says what is to be expected at a placement.
func (sc *scenario) at(p placement) difference {
	for _, d := range sc.differs {
		if d.at.has(p) {
			if d.by == "" {
				d.by = sc.by
			}
			return d
		}
	}
	return difference{want: sc.want, by: sc.by}
}

func (sc *scenario) access() Access {
	if sc.reads {
		return ReadWrite
	}
	return Write
}

// placementKind is placements that have something in common.
type placementKind struct {
	name string
	has  func(placement) bool
}

// seeing: what the kernel writes is a hit. Debug registers that ptrace sets do not fire
// (FACTS A7), and perf-safe's BPF program stops threads in the program's own code alone
// (FACTS K4).
var seeing = placementKind{"guard, perf as permitted", func(p placement) bool {
	return p.guard || p.driver == "perf" && perf.Probe().Kernel == nil
}}

// guarded is behind a page guard.
var guarded = placementKind{"guard", func(p placement) bool { return p.guard }}

// eachPlacement runs a test at each placement that the machine permits.
func eachPlacement(t *testing.T, fn func(t *testing.T, p placement)) {
	slots := slices.IndexFunc(placements, guarded.has)
	for _, list := range [][]placement{placements[:slots], placements[slots:]} {
		for _, p := range someOf(t, list) {
			atPlacement(t, p, fn)
		}
	}
}

func atPlacement(t *testing.T, p placement, fn func(t *testing.T, p placement)) {
	t.Run(p.name, func(t *testing.T) {
		testSteps = p.steps
		defer func() { testSteps = false }()
		onDriver(t, p.driver, func(t *testing.T) {
			if p.guard && !p.steps {
				needGuards(t, launch(t, testkit.Debug, "twice", "1"))
			}
			fn(t, p)
		})
	})
}

// conform runs a theme: all its scenarios in one program, which stops between them.
func conform(t *testing.T, th theme) {
	eachPlacement(t, func(t *testing.T, p placement) { conformAt(t, th, p) })
}

func conformAt(t *testing.T, th theme, p placement) {
	var run []*scenario
	var args []string
	for i := range th.scenarios {
		sc := &th.scenarios[i]
		if sc.needs != nil && sc.needs() != nil {
			t.Run(sc.name, func(t *testing.T) { t.Skip(sc.needs()) })
			continue
		}
		if d := sc.at(p); d.want == nil {
			t.Run(sc.name, func(t *testing.T) { t.Skip(d.why) })
			continue
		}
		run = append(run, sc)
		args = append(append(args, strings.Fields(sc.run)...), "--")
	}
	testkit.Watchdog(t)
	mode := testkit.Optimized
	if th.debug {
		mode = testkit.Debug
	}
	s := launchPath(t, testkit.Target(t, "conformance", mode), args[:len(args)-1]...)
	for _, sc := range run {
		stopAt(t, s.Continue, ReasonHardcoded)
		if sc.mapped {
			stopAt(t, s.Continue, ReasonHardcoded)
		}
		done := false
		t.Run(sc.name, func(t *testing.T) { sc.test(t, s, p, &done) })
		if !done { // it is not to be run, and the program runs it all the same
			stopAt(t, s.Continue, ReasonHardcoded)
		}
	}
	toTheEnd(t, s, 0)
}

// test watches a scenario, at the beginning of which the program is, to its end.
func (sc *scenario) test(t *testing.T, s *Session, p placement, done *bool) {
	want := sc.at(p)
	told := make([][]*Hit, len(sc.watch))
	var ws []*Watchpoint
	for i, expr := range sc.places(t, s) {
		opts := append(slices.Clone(p.opts), Report(func(h *Hit) { told[i] = append(told[i], h) }))
		w, err := s.Watch(context.Background(), expr, sc.access(), opts...)
		if want.want[i].refused {
			if err == nil {
				t.Fatalf("%s is not refused", expr)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		ws = append(ws, w)
	}
	*done = true
	stopAt(t, s.Continue, ReasonHardcoded)
	for i, w := range ws {
		sc.judge(t, w, want.want[i], told[i])
		sc.judgeHits(t, told[i], &want)
		if err := w.Remove(context.Background()); err != nil {
			t.Error(err)
		}
	}
	if sc.look != nil {
		sc.look(t, told)
	}
}

var placeExpr = regexp.MustCompile(`^(.+)@(word|page)([+-]\d+)?$`)

// places makes expressions of what is to be watched.
func (sc *scenario) places(t *testing.T, s *Session) (exprs []string) {
	t.Helper()
	for _, e := range sc.watch {
		m := placeExpr.FindStringSubmatch(e)
		if m == nil {
			exprs = append(exprs, e)
			continue
		}
		base := map[string]string{"word": "uintptr(&main.area[64])", "page": "uintptr(main.page)"}[m[2]]
		var off int64
		if m[3] != "" {
			if _, err := fmt.Sscan(m[3], &off); err != nil {
				t.Fatal(err)
			}
		}
		exprs = append(exprs, fmt.Sprintf("*(*%s)(%#x)", m[1], evalInt(t, s, base)+off))
	}
	return exprs
}

func (sc *scenario) judge(t *testing.T, w *Watchpoint, want figures, told []*Hit) {
	t.Helper()
	st := w.Stats()
	most := max(want.hits, want.most)
	if st.Hits < want.hits || st.Hits > most || st.Lost != want.lost || st.Unseen > 0 != want.unseen || st.Coverage != want.coverage() {
		t.Errorf("%s: %d hits, %d lost, %d unseen, %s (%s); want %v, %s", w.Expr(), st.Hits, st.Lost, st.Unseen, st.Coverage, st.Reason, want, want.coverage())
	}
	if st.Coverage != Exact && st.Reason == "" || want.unmapped && !strings.Contains(st.Reason, "unmapped") {
		t.Errorf("%s: %s, %q", w.Expr(), st.Coverage, st.Reason)
	}
	if n := uint64(len(told)); n != st.Hits-st.Lost || st.Reported != n {
		t.Errorf("%s: told of %d hits of %d, %d lost; %d reported", w.Expr(), n, st.Hits, st.Lost, st.Reported)
	}
}

// judgeHits looks at what hits say: where, and that each old value is the new one of the hit
// before.
func (sc *scenario) judgeHits(t *testing.T, told []*Hit, want *difference) {
	t.Helper()
	by := regexp.MustCompile("^(" + want.by + ")$")
	for i, h := range told {
		if h.Call != want.call || h.PlaceErr != nil != want.unplaced || !want.unplaced && !by.MatchString(h.Place.Function) {
			t.Errorf("hit %d: %v (call %q, %v); want by %s, call %q", i, h, h.Call, h.PlaceErr, by, want.call)
		}
		if i > 0 && !sc.racing && !bytes.Equal(h.Old.Bytes(), told[i-1].New.Bytes()) {
			t.Errorf("hit %d replaces %s, and the hit before wrote %s", i, h.Old, told[i-1].New)
		}
	}
}
