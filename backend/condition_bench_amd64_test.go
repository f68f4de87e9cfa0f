package backend

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/go-delve/delve/pkg/proc"
	"github.com/go-delve/delve/pkg/proc/native"
	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/testkit"
)

// What a condition costs that is never true, at a watchpoint and at a breakpoint of a
// line: with a session, with Delve's library on its own backend, and the least that a
// debugger can do. Delve is measured with fewer hits, since it takes so long.

func BenchmarkLineFiltered(b *testing.B) { benchmark(b, lineFiltered) }

func BenchmarkLineDelve(b *testing.B) { benchmark(b, lineDelve) }

func BenchmarkLineFloor(b *testing.B) { benchmark(b, lineFloor) }

// BenchmarkConditions measures all of them in turns, everything on one processor, and
// reports medians and ratios.
func BenchmarkConditions(b *testing.B) {
	onOneCPU(b)
	kinds := []struct {
		name string
		hits int
		of   int // index of what it is compared with
		run  func(b *testing.B, rounds int) time.Duration
	}{
		{"watch-floor", 4000, 0, floor}, {"watch-argus", 4000, 0, hitFiltered}, {"watch-delve", 200, 0, watchDelve},
		{"line-floor", 2000, 3, lineFloor}, {"line-argus", 2000, 3, lineFiltered}, {"line-uncompiled", 500, 3, lineUncompiled}, {"line-delve", 200, 3, lineDelve},
	}
	const turns = 5
	samples := make([][]float64, len(kinds))
	for range b.N * turns {
		for i, k := range kinds {
			samples[i] = append(samples[i], float64(k.run(b, k.hits/2).Nanoseconds())/float64(k.hits))
		}
	}
	b.ReportMetric(0, "ns/op")
	for i, k := range kinds {
		b.ReportMetric(median(samples[i]), k.name+"-ns/hit")
		if i != k.of {
			b.ReportMetric(median(samples[i])/median(samples[k.of]), k.name+"-x-floor")
		}
	}
	b.ReportMetric(median(samples[2])/median(samples[1]), "watch-times-faster")
	b.ReportMetric(median(samples[6])/median(samples[4]), "line-times-faster")
}

// falseHere is a condition at the lines of the scenario twice that write main.x, each of
// which is one hit a round.
const falseHere = "i == 1 << 40"

// twiceLines are these lines.
func twiceLines(b *testing.B) []Place {
	s := launch(b, testkit.Debug, "twice", "1")
	defer s.Close()
	var places []Place
	for _, mark := range []string{"x = a // first", "x = b // second"} {
		line := lineNumber(b, "../internal/testkit/targets/"+source, mark)
		places = append(places, setBreak(b, s, fmt.Sprintf("%s:%d", source, line), "").Places[0])
	}
	return places
}

// lineFiltered: breakpoints with a condition that is compiled.
func lineFiltered(b *testing.B, rounds int) time.Duration { return throughLines(b, rounds, falseHere) }

// lineUncompiled: one that is left to Delve's evaluator.
func lineUncompiled(b *testing.B, rounds int) time.Duration {
	return throughLines(b, rounds, "len(table) == 1 << 40")
}

func throughLines(b *testing.B, rounds int, cond string) time.Duration {
	places := twiceLines(b)
	s := launch(b, testkit.Debug, "twice", strconv.Itoa(rounds))
	defer s.Close()
	for _, at := range places {
		setBreak(b, s, fmt.Sprintf("*%#x", at.PC), cond)
	}
	defer timed(b)()
	began := time.Now()
	for ev, err := range s.Run(context.Background()) {
		if err != nil {
			b.Fatal(err)
		}
		if stop, ok := ev.(*Stop); ok {
			b.Fatalf("stopped: %v, %v", stop, stop.Err)
		}
	}
	return time.Since(began)
}

// delved starts a scenario with Delve's library alone.
func delved(b *testing.B, rounds int) *proc.TargetGroup {
	testkit.Watchdog(b)
	g, err := native.Launch([]string{testkit.Scenarios(b, testkit.Debug), "twice", strconv.Itoa(rounds)}, "", 0, nil, "", "", proc.OutputRedirect{}, proc.OutputRedirect{})
	if err != nil {
		b.Fatal(err)
	}
	return g
}

func expression(b *testing.B, text string) ast.Expr {
	e, err := parser.ParseExpr(text)
	if err != nil {
		b.Fatal(err)
	}
	return e
}

func throughDelve(b *testing.B, g *proc.TargetGroup) time.Duration {
	defer timed(b)()
	began := time.Now()
	err := g.Continue()
	var exited proc.ErrProcessExited
	if !errors.As(err, &exited) || exited.Status != 0 {
		b.Fatalf("Delve stops: %v", err)
	}
	return time.Since(began)
}

func lineDelve(b *testing.B, rounds int) time.Duration {
	places := twiceLines(b)
	g := delved(b, rounds)
	for i, at := range places {
		if _, err := g.Selected.SetBreakpoint(i+1, at.PC, proc.UserBreakpoint, expression(b, falseHere)); err != nil {
			b.Fatal(err)
		}
	}
	return throughDelve(b, g)
}

func watchDelve(b *testing.B, rounds int) time.Duration {
	g := delved(b, rounds)
	scope, err := proc.ThreadScope(g.Selected, g.Selected.CurrentThread())
	if err != nil {
		b.Fatal(err)
	}
	if _, err := g.Selected.SetWatchpoint(1, scope, "main.x", proc.WatchWrite, expression(b, "main.x == 1 << 40")); err != nil {
		b.Fatal(err)
	}
	return throughDelve(b, g)
}

// lineFloor is the least for a breakpoint: wait4, the registers, one step of what is
// under the instruction, which is put in its place for that time, and PTRACE_CONT.
func lineFloor(b *testing.B, rounds int) time.Duration {
	testkit.Watchdog(b)
	path := testkit.Scenarios(b, testkit.Debug)
	places := twiceLines(b)
	runtime.LockOSThread() // ptrace knows the tracer by its thread
	defer runtime.UnlockOSThread()
	cmd := exec.Command(path, "twice", strconv.Itoa(rounds))
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	defer cmd.Process.Release()
	pid := cmd.Process.Pid
	var status unix.WaitStatus
	must := func(err error) {
		if err != nil {
			_ = unix.Kill(pid, unix.SIGKILL)
			_, _ = unix.Wait4(pid, nil, 0, nil)
			b.Fatal(err)
		}
	}
	poke := func(addr uint64, code []byte) {
		_, err := unix.PtracePokeText(pid, uintptr(addr), code)
		must(err)
	}
	_, err := unix.Wait4(pid, &status, 0, nil)
	must(err)
	under := map[uint64][]byte{}
	for _, at := range places {
		addr := at.PC
		code := make([]byte, 8)
		_, err := unix.PtracePeekText(pid, uintptr(addr), code)
		must(err)
		under[addr] = code
		poke(addr, append([]byte{0xCC}, code[1:]...))
	}
	defer timed(b)()
	began := time.Now()
	hits, pass := 0, 0
	for {
		must(unix.PtraceCont(pid, pass))
		_, err := unix.Wait4(pid, &status, 0, nil)
		must(err)
		if !status.Stopped() {
			break
		}
		if pass = int(status.StopSignal()); pass != int(unix.SIGTRAP) {
			continue
		}
		hits, pass = hits+1, 0
		var regs unix.PtraceRegs
		must(unix.PtraceGetRegs(pid, &regs))
		regs.Rip--
		code := under[regs.Rip]
		must(unix.PtraceSetRegs(pid, &regs))
		poke(regs.Rip, code)
		for {
			must(unix.PtraceSingleStep(pid))
			_, err = unix.Wait4(pid, &status, 0, nil)
			must(err)
			if status.StopSignal() == unix.SIGTRAP {
				break
			}
			pass = int(status.StopSignal()) // it comes before the instruction
		}
		poke(regs.Rip, append([]byte{0xCC}, code[1:]...))
	}
	d := time.Since(began)
	if hits != 2*rounds || status.ExitStatus() != 0 {
		b.Fatalf("%d hits, want %d; status %#x", hits, 2*rounds, status)
	}
	return d
}
