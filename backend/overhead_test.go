package backend

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/testkit"
)

// What watching costs a program that never hits: how much less work it gets done, in
// percent of what it does with no debugger. docs/overhead.md tells how to read it.

const (
	overheadWindow = time.Second // for which the program works
	overheadTurns  = 5           // of each kind
)

// kindOfWatch is a way to run the program.
type kindOfWatch struct {
	name    string
	points  int // watchpoints, none of which is ever hit
	mode    Mode
	options *Options // nil: no debugger
}

var kindsOfWatch = []kindOfWatch{
	{"alone", 0, "", nil},
	{"held", 0, "", &Options{}},
	{"four", 4, ModeExact, &Options{}},
	{"turns-perf", 64, ModeSampled, &Options{Driver: "perf", Slice: 2 * time.Millisecond}},
	{"turns-ptrace", 64, ModeSampled, &Options{Driver: "ptrace", Slice: 2 * time.Millisecond}},
}

// run is what came of running the program once.
type run struct {
	work     float64
	program  time.Duration // processor time that it took
	debugger float64       // what the debugger took for each second of that, with everything set up
	switches float64       // of its threads
	turns    float64       // that all watchpoints together had
}

// perWall is the work done in the window: what somebody who waits for it sees. Whatever
// else the machine does is in it.
func (r *run) perWall() float64 { return r.work }

// perCPU is the work done for a second of processor time, the debugger's included: what
// watching takes from everybody on the machine.
func (r *run) perCPU() float64 { return r.perOwn() / (1 + r.debugger) }

// perOwn is the work done for a second of the program's own processor time.
func (r *run) perOwn() float64 { return r.work / r.program.Seconds() }

func BenchmarkOverhead(b *testing.B) {
	for _, threads := range []int{1, 16, 64} {
		for _, mode := range []string{"busy", "idle"} {
			b.Run(fmt.Sprintf("%s-%d", mode, threads), func(b *testing.B) {
				overhead(b, mode, strconv.FormatInt(overheadWindow.Milliseconds(), 10), strconv.Itoa(threads))
			})
		}
	}
}

// overhead runs all kinds in turns, and compares each run with the one of the same turn
// that had no debugger: what else the machine does then hits them alike.
func overhead(b *testing.B, args ...string) {
	runs := make([][]run, len(kindsOfWatch))
	for range b.N * overheadTurns {
		for i := range kindsOfWatch {
			runs[i] = append(runs[i], kindsOfWatch[i].run(b, args...))
		}
	}
	b.ReportMetric(0, "ns/op") // it would be that of a whole comparison
	var log strings.Builder
	fmt.Fprintf(&log, "load %s\n%-13s %28s %28s %28s %9s %9s %9s", loadAverage(),
		"", "overhead-%", "cpu-overhead-%", "own-overhead-%", "debugger", "switch/s", "turns/s")
	for i, k := range kindsOfWatch {
		wall := k.report(b, runs, i, (*run).perWall)
		cpu := k.report(b, runs, i, (*run).perCPU)
		own := k.report(b, runs, i, (*run).perOwn)
		if k.options != nil {
			b.ReportMetric(wall.median, k.name+"-overhead-%")
			b.ReportMetric(cpu.median, k.name+"-cpu-overhead-%")
		}
		fmt.Fprintf(&log, "\n%-13s %28v %28v %28v %8.2f%% %9.0f %9.0f", k.name, wall, cpu, own,
			100*mid(runs[i], func(r *run) float64 { return r.debugger }),
			mid(runs[i], func(r *run) float64 { return r.switches / overheadWindow.Seconds() }),
			mid(runs[i], func(r *run) float64 { return r.turns / overheadWindow.Seconds() }))
	}
	b.Log(log.String())
}

func mid(runs []run, of func(*run) float64) float64 {
	var v []float64
	for i := range runs {
		v = append(v, of(&runs[i]))
	}
	return middle(v)
}

func middle(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// spread is a median with what it lies between.
type spread struct{ median, least, most float64 }

func (s spread) String() string {
	return fmt.Sprintf("%.2f (%.2f to %.2f)", s.median, s.least, s.most)
}

// report says by how many percent a kind falls behind in a measure.
func (kindOfWatch) report(b *testing.B, runs [][]run, kind int, of func(*run) float64) spread {
	b.Helper()
	var loss []float64
	for turn := range runs[kind] {
		// The one before and the one after: half of a drift is in either.
		alone := of(&runs[0][turn])
		if turn+1 < len(runs[0]) {
			alone = (alone + of(&runs[0][turn+1])) / 2
		}
		loss = append(loss, 100*(1-of(&runs[kind][turn])/alone))
	}
	return spread{middle(loss), slices.Min(loss), slices.Max(loss)}
}

func (k *kindOfWatch) run(b *testing.B, args ...string) run {
	testkit.Watchdog(b)
	path := testkit.Target(b, "crowd", testkit.Optimized)
	r, w, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	var out run
	children := usage(b, unix.RUSAGE_CHILDREN)
	if k.options == nil {
		cmd := exec.Command(path, args...)
		cmd.Stdout = w
		if err := cmd.Run(); err != nil {
			b.Fatal(err)
		}
	} else {
		out.debugger, out.turns = k.watched(b, LaunchConfig{Path: path, Args: args, Stdout: w, Options: *k.options})
	}
	after := usage(b, unix.RUSAGE_CHILDREN)
	out.program = processorTime(after) - processorTime(children)
	out.switches = float64(after.Nvcsw + after.Nivcsw - children.Nvcsw - children.Nivcsw)
	_ = w.Close()
	text, err := io.ReadAll(r)
	if err == nil {
		out.work, err = strconv.ParseFloat(strings.TrimSpace(string(text)), 64)
	}
	if err != nil || out.work == 0 {
		b.Fatalf("the target says %q: %v", text, err)
	}
	return out
}

// watched runs the program under the debugger to its end.
func (k *kindOfWatch) watched(b *testing.B, c LaunchConfig) (debugger, turns float64) {
	s, err := Launch(context.Background(), c)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	var all []*Watchpoint
	for i := range k.points {
		all = append(all, setWatch(b, s, cellName(i), Write, InMode(k.mode)))
	}
	share := make(chan float64)
	go func() {
		// Neither the threads' birth nor their end is in it.
		<-time.After(overheadWindow * 3 / 10)
		program, own := clockOf(s.PID()), clockOf(0)
		<-time.After(overheadWindow * 6 / 10)
		share <- (clockOf(0) - own).Seconds() / (clockOf(s.PID()) - program).Seconds()
	}()
	ev, err := s.Continue(context.Background())
	debugger = <-share
	if exit, ok := ev.(*Exit); err != nil || !ok || exit.Status != 0 {
		b.Fatalf("%s: %v, %v", k.name, ev, err)
	}
	for _, w := range all {
		st := w.Stats()
		if st.Hits != 0 {
			b.Fatalf("%s: %s has %d hits", k.name, w.Expr(), st.Hits)
		}
		turns += float64(st.Turns)
	}
	if k.points > 0 && turns == 0 {
		b.Fatalf("%s: nothing was ever on", k.name)
	}
	return debugger, turns
}

// clockOf is the processor time that a process has taken, 0 for this one.
func clockOf(pid int) time.Duration {
	const sched = 2 // CPUCLOCK_SCHED, include/linux/posix-timers_types.h
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|sched), &ts); err != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}

func usage(b *testing.B, who int) *unix.Rusage {
	b.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(who, &u); err != nil {
		b.Fatal(err)
	}
	return &u
}

func processorTime(u *unix.Rusage) time.Duration {
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "not known"
	}
	return strings.TrimSpace(string(text))
}
