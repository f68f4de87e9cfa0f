package dap

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/argusdbg/argus/internal/testkit"
	"github.com/google/go-dap"
)

// BenchmarkBeside measures "argus dap" beside "dlv dap" of the Delve that go.mod names, as
// an editor sees them: the same program, the same requests, by turns. What is printed are
// medians in milliseconds, and how often Delve's fits argus's time for it (argus is faster
// where "times" is above 1).
//
//	go test ./dap -run none -bench Beside -benchtime 10x
//
// Delve lists 1,024 goroutines at most, argus all. "times" is of what each shows,
// "times-each" of the time for one goroutine.
func BenchmarkBeside(b *testing.B) {
	argus, dlv := buildArgus(b), buildDelve(b)
	program, parked := testkit.Scenarios(b, testkit.Debug), testkit.Target(b, "parked", testkit.Debug)
	file, err := filepath.Abs(targetFile(b, "scenarios", "main.go"))
	if err != nil {
		b.Fatal(err)
	}
	first := lineOf(b, file, "x = a // first")
	// twice has an editor at a stop in a loop.
	twice := func(ed *editor) int {
		ed.launch(program, with{"args": []string{"twice", "100000"}})
		ed.breakAt(file, first)
		ed.configured()
		return ed.stopped().ThreadId
	}
	for _, m := range []struct {
		name    string
		measure func(ed *editor) (time.Duration, int)
	}{
		{"launch-to-stop", func(ed *editor) (time.Duration, int) {
			return timed(func() { twice(ed) })
		}},
		{"stop-to-variables", func(ed *editor) (time.Duration, int) {
			thread := twice(ed)
			return timed(func() { ed.lookAround(thread) })
		}},
		{"next-stop-to-variables", func(ed *editor) (time.Duration, int) {
			thread := twice(ed)
			ed.lookAround(thread)
			ed.resume("continue", thread)
			thread = ed.stopped().ThreadId
			return timed(func() { ed.lookAround(thread) })
		}},
		{"step", func(ed *editor) (time.Duration, int) {
			const steps = 20
			thread := twice(ed)
			ed.breakAt(file)
			d, _ := timed(func() {
				for range steps {
					ed.resume("next", thread)
					ed.stoppedFor("step")
				}
			})
			return d / steps, 0
		}},
		// Delve echoes the question, and looks at nothing.
		{"data-breakpoint-info", func(ed *editor) (time.Duration, int) {
			frame := ed.top(twice(ed)).Id
			return timed(func() { ed.watchable("main.x", frame, 0) })
		}},
		{"data-breakpoint-info-and-set", func(ed *editor) (time.Duration, int) {
			frame := ed.top(twice(ed)).Id
			return timed(func() { ed.watchOne(ed.watchable("main.x", frame, 0).DataId) })
		}},
		{"data-breakpoint-set", func(ed *editor) (time.Duration, int) {
			id := ed.watchable("main.x", ed.top(twice(ed)).Id, 0).DataId
			return timed(func() { ed.watchOne(id) })
		}},
		{"data-breakpoint-set-again", func(ed *editor) (time.Duration, int) {
			frame := ed.top(twice(ed)).Id
			ed.watchOne(ed.watchable("main.x", frame, 0).DataId)
			id := ed.watchable("main.counter", frame, 0).DataId
			return timed(func() { ed.watchOne(id) })
		}},
		{"launch-large-to-stop", func(ed *editor) (time.Duration, int) {
			return timed(func() {
				ed.launch(dlv, with{"args": []string{"version"}})
				ed.breakIn("main.main")
				ed.configured()
				ed.stopped()
			})
		}},
		{"threads-900", listed(parked, "900")},
		{"threads-10000", listed(parked, "10000")},
		{"threads-10000-again", settled(parked, func(ed *editor, thread int) (time.Duration, int) {
			ed.threads()
			return ed.timeThreads()
		}, "10000")},
		{"threads-10000-next-stop", settled(parked, func(ed *editor, thread int) (time.Duration, int) {
			ed.threads()
			ed.resume("continue", thread)
			ed.stopped()
			return ed.timeThreads()
		}, "10000")},
		{"threads-10000-on-1000", listed(parked, "10000", "0", "1000")},
		{"threads-10000-on-1000-next-stop", settled(parked, func(ed *editor, thread int) (time.Duration, int) {
			ed.threads()
			ed.resume("continue", thread)
			ed.stopped()
			return ed.timeThreads()
		}, "10000", "0", "1000")},
		{"step-10000-on-1000", settled(parked, func(ed *editor, thread int) (time.Duration, int) {
			const steps = 10
			ed.breakIn()
			ed.resume("stepOut", thread)
			ed.stopped()
			d, _ := timed(func() {
				for range steps {
					ed.resume("next", thread)
					ed.stoppedFor("step")
				}
			})
			return d / steps, 0
		}, "10000", "0", "1000")},
		{"stacks-of-20", settled(parked, func(ed *editor, thread int) (time.Duration, int) {
			list := ed.threads()
			return timed(func() {
				for _, th := range list[:20] {
					ed.stack(th.Id)
				}
			})
		}, "900")},
	} {
		b.Run(m.name, func(b *testing.B) {
			var ours, theirs []time.Duration
			var ourCount, theirCount int
			for i := range b.N {
				turn := func(command string, list *[]time.Duration, count *int) {
					ed := serve(b, command).editor(b)
					d, n := m.measure(ed)
					*list, *count = append(*list, d), n
					ed.disconnectFrom()
				}
				if i%2 == 0 {
					turn(argus, &ours, &ourCount)
					turn(dlv, &theirs, &theirCount)
				} else {
					turn(dlv, &theirs, &theirCount)
					turn(argus, &ours, &ourCount)
				}
			}
			a, d := median(ours), median(theirs)
			b.ReportMetric(0, "ns/op") // is of both, and of what comes before
			b.ReportMetric(a.Seconds()*1000, "argus-ms")
			b.ReportMetric(d.Seconds()*1000, "dlv-ms")
			b.ReportMetric(d.Seconds()/a.Seconds(), "times")
			if ourCount > 0 {
				b.ReportMetric(float64(ourCount), "argus-threads")
				b.ReportMetric(float64(theirCount), "dlv-threads")
				each := a.Seconds() / float64(ourCount)
				b.ReportMetric(d.Seconds()/float64(theirCount)/each, "times-each")
			}
		})
	}
}

// settled measures something at a stop of a program with many goroutines.
func settled(parked string, measure func(ed *editor, thread int) (time.Duration, int), args ...string) func(*editor) (time.Duration, int) {
	return func(ed *editor) (time.Duration, int) {
		ed.launch(parked, with{"args": args})
		ed.breakIn("main.settled")
		ed.configured()
		return measure(ed, ed.stopped().ThreadId)
	}
}

// listed measures the first list of a program's goroutines.
func listed(parked string, args ...string) func(*editor) (time.Duration, int) {
	return settled(parked, func(ed *editor, thread int) (time.Duration, int) { return ed.timeThreads() }, args...)
}

// timeThreads is how long it takes to list the goroutines, and how many there are.
func (ed *editor) timeThreads() (d time.Duration, n int) {
	d, _ = timed(func() { n = len(ed.threads()) })
	return d, n
}

// watchOne sets one data breakpoint, and no other.
func (ed *editor) watchOne(dataID any) {
	ed.Helper()
	id, ok := dataID.(string)
	if !ok {
		ed.Fatal("it cannot be watched")
	}
	if set := ed.watch(dap.DataBreakpoint{DataId: id, AccessType: "write"}); !set[0].Verified {
		ed.Fatal(set[0].Message)
	}
}

func timed(fn func()) (time.Duration, int) {
	start := time.Now()
	fn()
	return time.Since(start), 0
}

func median(list []time.Duration) time.Duration {
	slices.Sort(list)
	return list[len(list)/2]
}

// lookAround asks for what an editor shows at a stop.
func (ed *editor) lookAround(thread int) {
	ed.Helper()
	ed.threads()
	if len(ed.locals(ed.top(thread).Id)) == 0 {
		ed.Fatal("there are no variables")
	}
}

// disconnectFrom ends a session of a command, whichever it is.
func (ed *editor) disconnectFrom() {
	ed.Helper()
	ed.response(ed.send("disconnect", with{"terminateDebuggee": true}))
	ed.leave()
}
