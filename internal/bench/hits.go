package main

import "strconv"

// kind is what a debugger is to do at each hit.
type kind int

// Kinds.
const (
	conditionFalse kind = iota
	conditionRare       // true at each thousandth
	hitCount            // a count that is not reached
	logPoint            // evaluate v, and run on
	oneGoroutine        // that is another
)

// hits is what is done to the program hot.
type hits struct {
	line    bool // a breakpoint at the line that writes; otherwise a watchpoint on what it writes
	what    string
	guarded bool // with no debug register for it
	threads int
	kind    kind
	decided bool // in the kernel, as far as can be; otherwise each hit of a watchpoint is a stop
}

// never is a value that is never written, and a goroutine or count that never is.
const never = 1 << 40

// condition is the Go expression for Argus and for Delve, "" if there is none.
func (h hits) condition() string {
	v := "main.x"
	if h.line {
		v = "v"
	}
	switch h.kind {
	case conditionFalse:
		return v + " == " + strconv.Itoa(never)
	case conditionRare:
		return v + " % 1000 == 0"
	case oneGoroutine:
		return "runtime.curg.goid == " + strconv.Itoa(never)
	}
	return ""
}

// expected is how many hits a debugger is to tell of.
func (h hits) expected(writes uint64) uint64 {
	if h.kind == conditionRare {
		return (writes + 999) / 1000 // what is written are 0, 1, 2...
	}
	return writes
}

// expr is the watched variable.
func (h hits) expr() string {
	if h.what == "x" {
		return "main.x"
	}
	return "main.guarded.V"
}

func hitCases() []benchmark {
	x := hits{what: "x", threads: 1}
	line := hits{what: "x", threads: 1, line: true}
	with := func(h hits, k kind) hits { h.kind = k; return h }
	on := func(h hits, threads int) hits { h.threads = threads; return h }
	watch := x.benchmark("watch-false", "a watchpoint is hit, its condition is false")
	watch.goals = []goal{{Of: argus, To: floor, AtMost: 1.3}, {Of: argusKernel, To: kernel, AtMost: 1.1}, {Of: delve, To: argusKernel, AtLeast: 40}}
	breakpoint := with(line, conditionFalse).benchmark("line-false", "a breakpoint on a line is reached, its condition is false")
	breakpoint.goals = []goal{{Of: delve, To: argus, AtLeast: 20}}
	foreign := with(x, oneGoroutine).benchmark("watch-goroutine", "a watchpoint for one goroutine is hit by another")
	foreign.goals = []goal{{Of: delve, To: argus, AtLeast: 20}, {Of: argusKernel, To: kernel, AtMost: 1.1}}
	delete(foreign.run, gdb)
	foreign.cannot[gdb] = "it knows no goroutines"
	goroutine := with(line, oneGoroutine).benchmark("line-goroutine", "a breakpoint for one goroutine is reached by another")
	delete(goroutine.run, gdb)
	goroutine.cannot[gdb] = "it knows no goroutines"
	all := []benchmark{
		watch,
		foreign,
		with(x, conditionRare).benchmark("watch-rare", "a watchpoint is hit, its condition is true at each 1,000th"),
		breakpoint,
		with(line, hitCount).benchmark("line-count", "a breakpoint on a line is reached, its hit count is not"),
		with(line, logPoint).benchmark("line-log", "a log point is reached, with one variable"),
		goroutine,
	}
	for _, n := range []int{1, 4, 16} {
		b := on(x, n).benchmark("watch-threads-"+strconv.Itoa(n), "a watchpoint is hit by "+strconv.Itoa(n)+" threads at once, its condition is false")
		b.any = true
		all = append(all, b)
	}
	return all
}

// benchmark is the case in which every tool does that.
func (h hits) benchmark(name, title string) benchmark {
	b := benchmark{name: name, title: title, unit: nanoseconds, cannot: map[tool]string{},
		run: map[tool]measure{argus: h.argus, delve: h.delve, gdb: h.gdb, floor: h.floor, kernel: h.kernel}}
	if h.decided = true; !h.line {
		b.run[argusKernel] = h.argus
	}
	return b
}

// guardCases are those of page guards, which Argus falls back to.
func guardCases() []benchmark {
	h := hits{what: "V", threads: 1, guarded: true}
	b := benchmark{name: "guard-hit", title: "a watchpoint without a debug register is hit, its condition is false", unit: nanoseconds,
		run: map[tool]measure{argus: h.argus, gdb: h.gdb}, cannot: map[tool]string{
			delve: "it has hardware watchpoints only, four at most",
		}}
	h.what = "W"
	idle := b
	idle.name, idle.title = "guard-idle", "what is next to it, on its page, is written"
	idle.run = map[tool]measure{argus: h.argus, gdb: h.gdb}
	return []benchmark{b, idle}
}
