package backend

import (
	"debug/elf"
	"encoding/binary"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/hwbp"
	"github.com/argusdbg/argus/internal/testkit"
)

func BenchmarkFloor(b *testing.B) { benchmark(b, floor) }

// BenchmarkRatio measures all kinds in turns, so that what else the machine does hits
// them alike, and reports medians: ns per hit, and how many times the floor that is.
// A wake-up across processors can cost more than all the rest (FACTS C1), and whether
// there is one is luck: both are measured, everything on one processor and on any.
func BenchmarkRatio(b *testing.B) {
	b.Run("one-cpu", func(b *testing.B) {
		onOneCPU(b)
		compare(b)
	})
	b.Run("any-cpu", compare)
}

func compare(b *testing.B) {
	kinds := []struct {
		name string
		run  func(b *testing.B, rounds int) time.Duration
	}{{"floor", floor}, {"reported", hitReported}, {"filtered", hitFiltered}, {"stops", hitStops}}
	const (
		turns = 5
		hits  = 5000 // of each kind in each turn
	)
	samples := make([][]float64, len(kinds))
	for range b.N * turns {
		for i, k := range kinds {
			samples[i] = append(samples[i], float64(k.run(b, hits/2).Nanoseconds())/hits)
		}
	}
	b.ReportMetric(0, "ns/op") // it would be that of a whole comparison
	base := median(samples[0])
	for i, k := range kinds {
		b.ReportMetric(median(samples[i]), k.name+"-ns/hit")
		if i > 0 {
			b.ReportMetric(median(samples[i])/base, k.name+"-x-floor")
		}
	}
}

// onOneCPU keeps this process, and what it starts, on one processor until the
// benchmark is over.
func onOneCPU(b *testing.B) {
	var before, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		b.Fatal(err)
	}
	for cpu := 0; one.Count() == 0; cpu++ {
		if before.IsSet(cpu) {
			one.Set(cpu)
		}
	}
	setAffinity(b, &one)
	b.Cleanup(func() { setAffinity(b, &before) })
}

func setAffinity(b *testing.B, set *unix.CPUSet) {
	for range 2 { // a thread may have been started meanwhile by one that was not yet moved
		tasks, err := os.ReadDir("/proc/self/task")
		if err != nil {
			b.Fatal(err)
		}
		for _, task := range tasks {
			tid, err := strconv.Atoi(task.Name())
			if err != nil {
				b.Fatal(err)
			}
			if err := unix.SchedSetaffinity(tid, set); err != nil && err != unix.ESRCH {
				b.Fatal(err)
			}
		}
	}
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// floor is the least that a debugger can do for a hit: wait4 and PTRACE_CONT. It looks
// at nothing but the signal.
func floor(b *testing.B, rounds int) time.Duration {
	testkit.Watchdog(b)
	path := testkit.Scenarios(b, testkit.Debug)
	runtime.LockOSThread() // ptrace knows the tracer by its thread
	defer runtime.UnlockOSThread()
	cmd := exec.Command(path, "twice", strconv.Itoa(rounds))
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	defer cmd.Process.Release()
	pid := cmd.Process.Pid
	ended := false
	defer func() {
		if !ended {
			_ = unix.Kill(pid, unix.SIGKILL)
			_, _ = unix.Wait4(pid, nil, 0, nil)
		}
	}()
	var status unix.WaitStatus
	if _, err := unix.Wait4(pid, &status, 0, nil); err != nil || !status.Stopped() {
		b.Fatalf("the target is not stopped after its exec: status %#x, %v", status, err)
	}
	arm(b, pid, hwbp.Point{Addr: symbol(b, path, "main.x"), Len: 8, Access: Write})

	defer timed(b)()
	began := time.Now()
	hits, pass := 0, 0
	for {
		if err := unix.PtraceCont(pid, pass); err != nil {
			b.Fatal(err)
		}
		if _, err := unix.Wait4(pid, &status, 0, nil); err != nil {
			b.Fatal(err)
		}
		if !status.Stopped() {
			break
		}
		if pass = int(status.StopSignal()); pass == int(unix.SIGTRAP) {
			hits, pass = hits+1, 0
		}
	}
	d := time.Since(began)
	ended = true
	if hits != 2*rounds || status.ExitStatus() != 0 {
		b.Fatalf("%d hits, want %d; status %#x", hits, 2*rounds, status)
	}
	return d
}

// arm sets a point on one thread. The scenario writes on the leading thread only.
func arm(b *testing.B, tid int, p hwbp.Point) {
	const debugRegisters = 848 // offsetof(struct user, u_debugreg), arch/x86/include/asm/user_64.h
	control, err := hwbp.DR7(0).Set(0, p)
	if err != nil {
		b.Fatal(err)
	}
	for _, r := range []struct {
		n     int
		value uint64
	}{{0, p.Addr}, {7, uint64(control)}} { // the address first: DR7 switches it on
		data := binary.NativeEndian.AppendUint64(nil, r.value)
		if _, err := unix.PtracePokeUser(tid, uintptr(debugRegisters+8*r.n), data); err != nil {
			b.Fatalf("write DR%d: %v", r.n, err)
		}
	}
}

func symbol(b *testing.B, path, name string) uint64 {
	f, err := elf.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	symbols, err := f.Symbols()
	if err != nil {
		b.Fatal(err)
	}
	i := slices.IndexFunc(symbols, func(s elf.Symbol) bool { return s.Name == name })
	if i < 0 {
		b.Fatalf("no symbol %s in %s", name, path)
	}
	return symbols[i].Value
}
