package object

import (
	"bytes"
	"debug/elf"
	"debug/gosym"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// stepper runs a program's main thread one instruction at a time, and sees every store
// to what is watched as a debugger would: it compares the memory after each.
type stepper struct {
	*program
	table    *gosym.Table
	was, now []byte // see differs
	calls    map[uint64]bool
	held     []int // see holdOthers
}

func newStepper(t *testing.T, path string) *stepper {
	t.Helper()
	ef, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer ef.Close()
	pcln, err := ef.Section(".gopclntab").Data()
	if err != nil {
		t.Fatal(err)
	}
	table, err := gosym.NewTable(nil, gosym.NewLineTable(pcln, ef.Section(".text").Addr))
	if err != nil {
		t.Fatal(err)
	}
	return &stepper{program: start(t, path), table: table, calls: map[uint64]bool{}}
}

// own reports whether code is the program's and not the runtime's, and its line.
func (s *stepper) own(pc uint64) (line int, own bool) {
	file, line, fn := s.table.PCToLine(pc)
	return line, fn != nil && strings.HasPrefix(fn.Name, "main.") && strings.HasSuffix(file, "main.go")
}

// trace lets the program do an operation and calls each after every instruction of it.
// It runs on a locked thread, as ptrace wants.
func (s *stepper) trace(t *testing.T, op string, each func(before, after uint64)) {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	// On one processor a step is several times cheaper than across two (FACTS C1).
	var all, one unix.CPUSet
	must(unix.SchedGetaffinity(0, &all))
	for cpu := 0; one.Count() == 0; cpu++ {
		if all.IsSet(cpu) {
			one.Set(cpu)
		}
	}
	must(unix.SchedSetaffinity(0, &one))
	must(unix.SchedSetaffinity(s.pid, &one))
	defer func() {
		must(unix.SchedSetaffinity(0, &all))
		_ = unix.SchedSetaffinity(s.pid, &all) // it may be dead
	}()
	hang := time.AfterFunc(time.Minute, func() { _ = unix.Kill(s.pid, unix.SIGKILL) })
	defer hang.Stop()
	must(unix.PtraceSeize(s.pid))
	_, err := io.WriteString(s.in, "marked "+op+"\n")
	must(err)
	wait := func() unix.Signal {
		var ws unix.WaitStatus
		_, err := unix.Wait4(s.pid, &ws, unix.WALL, nil)
		must(err)
		if !ws.Stopped() {
			t.Fatalf("the program ended: %v", ws)
		}
		return ws.StopSignal()
	}
	for sig := wait(); sig != unix.SIGUSR2; sig = wait() {
		must(unix.PtraceCont(s.pid, int(sig)))
	}
	var regs unix.PtraceRegs
	must(unix.PtraceGetRegs(s.pid, &regs))
	deliver := 0
	for n := 0; ; n++ {
		if n == 1<<16 {
			t.Fatal("the operation has no end")
		}
		before := regs.Rip
		spins := n>>13&1 == 1 // perhaps, for one of the others and without a system call
		if spins || s.waits(t, &regs) {
			s.releaseOthers(t)
		} else {
			s.holdOthers(t)
		}
		must(step(s.pid, deliver))
		sig := wait()
		if sig == unix.SIGUSR2 {
			break
		}
		deliver = 0
		if sig != unix.SIGTRAP {
			deliver = int(sig)
		}
		must(unix.PtraceGetRegs(s.pid, &regs))
		each(before, regs.Rip)
	}
	s.releaseOthers(t)
	// The trap of the step in which the signal was sent is still to come.
	for must(step(s.pid, 0)); wait() != unix.SIGTRAP; must(step(s.pid, 0)) {
	}
	must(unix.PtraceDetach(s.pid))
	s.expect(t, "ok")
}

// holdOthers stops all threads of the program but the main one, if they run. Nobody preempts
// the main thread while they stand still. Where it waits for one of them they run, and no
// longer: single steps are so slow that beside the scheduler's monitor the thread would do
// little else than be preempted.
func (s *stepper) holdOthers(t *testing.T) {
	t.Helper()
	if len(s.held) > 0 {
		return
	}
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", s.pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		tid, err := strconv.Atoi(e.Name())
		if err != nil || tid == s.pid {
			continue
		}
		var ws unix.WaitStatus
		if err := errors.Join(unix.PtraceSeize(tid), unix.PtraceInterrupt(tid)); err != nil {
			t.Fatal(err)
		}
		if _, err := unix.Wait4(tid, &ws, unix.WALL, nil); err != nil || !ws.Stopped() {
			t.Fatalf("thread %d: %v, %v", tid, ws, err)
		}
		s.held = append(s.held, tid)
	}
}

// releaseOthers lets them run, if they are held.
func (s *stepper) releaseOthers(t *testing.T) {
	t.Helper()
	for _, tid := range s.held {
		if err := unix.PtraceDetach(tid); err != nil {
			t.Fatal(err)
		}
	}
	s.held = s.held[:0]
}

// waits reports whether the next instruction is a system call that waits for another
// thread.
func (s *stepper) waits(t *testing.T, regs *unix.PtraceRegs) bool {
	call, known := s.calls[regs.Rip]
	if !known {
		var code [2]byte
		if _, err := s.ReadMemory(code[:], regs.Rip); err != nil {
			t.Fatal(err)
		}
		call = code == [2]byte{0x0f, 0x05}
		s.calls[regs.Rip] = call
	}
	const futexWait = 0 // FUTEX_WAIT of <linux/futex.h>; flags are above it
	return call && regs.Rax == unix.SYS_FUTEX && regs.Rsi&127 == futexWait
}

func step(pid, sig int) error {
	_, _, errno := unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_SINGLESTEP, uintptr(pid), 0, uintptr(sig), 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// hits feeds what the program stores during an operation through a Coalescer, and
// returns what is told of each assignment, and of each single store.
func (s *stepper) hits(t *testing.T, w *watched, op string) (assignments [][]string, raw []string) {
	t.Helper()
	c := NewCoalescer(w.Related)
	over := func(as []Assignment) {
		for _, a := range as {
			u := w.Changed(a.Ranges()...)
			if u.Err != nil || u.Busy {
				t.Errorf("%s: err %v, busy %v", op, u.Err, u.Busy)
			}
			w.arm(t, u.Add)
			for _, r := range u.Remove {
				delete(w.armed, r)
			}
			assignments = append(assignments, lines(u))
		}
	}
	statement := 0
	s.trace(t, op, func(before, after uint64) {
		line, own := s.own(before)
		if own {
			statement = line
		}
		var stored []Range
		if s.differs(t, w) {
			stored = merge(w.written(t))
		}
		for _, r := range stored {
			changes, err := w.Raw(r)
			if err != nil {
				t.Error(err)
			}
			for _, c := range changes {
				raw = append(raw, c.String())
			}
			over(c.Add(Store{Goroutine: 1, PC: before, Line: statement, Helper: !own, Range: r}))
		}
		if line, own := s.own(after); own && line != statement {
			over(c.Leave(1))
		}
	})
	over(c.Flush())
	return assignments, raw
}

// differs reports whether watched memory is not what it was, by one system call.
func (s *stepper) differs(t *testing.T, w *watched) bool {
	var local []unix.Iovec
	var remote []unix.RemoteIovec
	s.now = s.now[:0]
	s.was = s.was[:0]
	for r, b := range w.armed {
		s.was = append(s.was, b...)
		remote = append(remote, unix.RemoteIovec{Base: uintptr(r.Addr), Len: int(r.Size)})
	}
	s.now = append(s.now, s.was...)
	if len(remote) == 0 || len(remote) > 1024 { // IOV_MAX
		return true
	}
	local = []unix.Iovec{{Base: &s.now[0], Len: uint64(len(s.now))}}
	if n, err := unix.ProcessVMReadv(s.pid, local, remote, 0); err != nil || n != len(s.now) {
		t.Fatalf("%d bytes of %d are read: %v", n, len(s.now), err)
	}
	return !bytes.Equal(s.now, s.was)
}

// merge puts words together that one instruction wrote.
func merge(words []Range) []Range {
	var all []Range
	for _, r := range words {
		if n := len(all); n > 0 && all[n-1].Addr+uint64(all[n-1].Size) >= r.Addr {
			all[n-1].Size = max(all[n-1].Size, int64(r.Addr-all[n-1].Addr)+r.Size)
			continue
		}
		all = append(all, r)
	}
	return all
}

// TestOneHitPerAssignment: what the compiler and the runtime write piece by piece is told
// once, with the value before the first piece and after the last.
func TestOneHitPerAssignment(t *testing.T) {
	paths := flavors(t)
	delete(paths, "go1.25.5") // its runtime does what that of Go 1.24 does
	for name, path := range paths {
		t.Run(name, func(t *testing.T) {
			for _, sc := range scenarios {
				t.Run(sc.variable+sc.key, func(t *testing.T) { sc.trace(t, path) })
			}
		})
	}
}

// several are operations of more than one assignment.
var several = []string{"grow", "crowd", "ring", "name", "tail", "branch", "total", "handover", "cut", "unring", "newpick", "swap"}

func (sc scenario) trace(t *testing.T, path string) {
	s := newStepper(t, path)
	ty, addr := s.variable(t, sc.variable)
	w := watch(t, s, func() (*Object, error) {
		if sc.key != "" {
			return ResolveEntry("main."+sc.variable, ty, addr, sc.key, s, Options{})
		}
		return Resolve("main."+sc.variable, ty, addr, s, Options{Follow: sc.follow})
	})
	for _, step := range sc.steps {
		if slices.Contains(several, step[0]) {
			s.do(t, step[0])
			w.changed(t)
			continue
		}
		told, raw := s.hits(t, w, step[0])
		want := step[1:]
		if len(want) == 1 && sameValue[want[0]] {
			want = nil
		}
		told = slices.DeleteFunc(told, func(changes []string) bool { return len(changes) == 0 })
		switch {
		case len(want) == 0 && len(told) > 0:
			t.Errorf("%s: told %q", step[0], told)
		case len(want) > 0 && len(told) != 1:
			t.Errorf("%s: %d hits, %q; stores:\n%s", step[0], len(told), told, strings.Join(raw, "\n"))
		case len(want) > 0:
			if got := address.ReplaceAllString(strings.Join(told[0], "\n"), "ADDR"); got != strings.Join(want, "\n") {
				t.Errorf("%s: told\n%s, want\n%s", step[0], got, strings.Join(want, "\n"))
			}
		}
		w.changed(t) // nothing was left out
	}
}

// TestRawStores: single stores are told by word, and none is followed.
func TestRawStores(t *testing.T) {
	s := newStepper(t, build(t, ""))
	ty, addr := s.variable(t, "text")
	w := watch(t, s, func() (*Object, error) { return Resolve("main.text", ty, addr, s, Options{}) })
	_, raw := s.hits(t, w, "notext")
	slices.Sort(raw)
	got := regexp.MustCompile("0x[0-9a-f]+").ReplaceAll([]byte(strings.Join(raw, "\n")), []byte("ADDR"))
	if want := "main.text.len: 5 -> 0\nmain.text.str: ADDR -> nil"; !bytes.Equal(got, []byte(want)) {
		t.Errorf("stores:\n%s\nwant\n%s", got, want)
	}
}
