package wpscan

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/argusdbg/argus/internal/testkit"
	"github.com/argusdbg/argus/ptrace"
)

func TestMain(m *testing.M) {
	if os.Getenv(helperMode) != "" {
		help()
	}
	testkit.Main(m)
}

const pageSize = 4096

// target is a process that does what it is told.
type target struct {
	t   testing.TB
	cmd *exec.Cmd
	in  io.Writer
	out *bufio.Reader
	at  map[string]uint64 // where its memory of each kind is
}

// startTarget starts a program that talks as that of target_test.go does.
func startTarget(t testing.TB, change func(*exec.Cmd)) *target {
	t.Helper()
	testkit.Watchdog(t)
	x := &target{t: t, cmd: exec.Command(program(t))}
	x.cmd.Stderr = os.Stderr
	if change != nil {
		change(x.cmd)
	}
	in, err := x.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := x.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := x.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	x.in, x.out = in, bufio.NewReader(out)
	t.Cleanup(x.end)
	x.introduce()
	return x
}

func (x *target) end() {
	_ = x.cmd.Process.Kill()
	if x.cmd.Wait() != nil { // as where the Tracer has collected it
		_ = x.cmd.Process.Release()
	}
}

func (x *target) introduce() {
	x.t.Helper()
	x.at = map[string]uint64{}
	for {
		line := x.line()
		i := strings.LastIndexByte(line, ' ')
		addr, err := strconv.ParseUint(line[i+1:], 16, 64)
		if err != nil {
			x.t.Fatalf("it said %q", line)
		}
		if line[:i] == "end" {
			return
		}
		x.at[line[:i]] = addr
	}
}

func (x *target) line() string {
	x.t.Helper()
	line, err := x.out.ReadString('\n')
	if err != nil {
		x.t.Fatalf("it said %q: %v", line, err)
	}
	return strings.TrimSpace(line)
}

// tell has it do something, and returns the answer.
func (x *target) tell(what string, args ...uint64) int {
	x.t.Helper()
	for _, a := range args {
		what += fmt.Sprintf(" %x", a)
	}
	if _, err := fmt.Fprintln(x.in, what); err != nil {
		x.t.Fatal(err)
	}
	n, err := strconv.Atoi(x.line())
	if err != nil {
		x.t.Fatal(err)
	}
	return n
}

// must is tell with the answer 0.
func (x *target) must(what string, args ...uint64) {
	x.t.Helper()
	if n := x.tell(what, args...); n != 0 {
		x.t.Fatalf("%s %#x: %d", what, args, n)
	}
}

func (x *target) pid() int { return x.cmd.Process.Pid }

// descriptors of a process, by name.
func descriptors(t testing.TB, pid string) string {
	t.Helper()
	dir := "/proc/" + pid + "/fd"
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		if name, err := os.Readlink(dir + "/" + e.Name()); err == nil {
			all = append(all, e.Name()+" "+name)
		}
	}
	return strings.Join(all, "\n")
}

func (x *target) descriptors() string { return descriptors(x.t, strconv.Itoa(x.pid())) }

func (x *target) maps() string {
	x.t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", x.pid()))
	if err != nil {
		x.t.Fatal(err)
	}
	return string(data)
}

// smaps is what the kernel says of the mapping that starts at addr.
func (x *target) smaps(addr uint64) string {
	x.t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps", x.pid()))
	if err != nil {
		x.t.Fatal(err)
	}
	_, after, ok := strings.Cut(string(data), fmt.Sprintf("\n%x-", addr))
	if !ok {
		x.t.Fatalf("no mapping at %#x", addr)
	}
	mapping, _, _ := strings.Cut(after, "VmFlags:")
	flags, _, _ := strings.Cut(after[len(mapping):], "\n")
	return mapping + flags
}

// held is a target that a Tracer holds.
type held struct {
	*target
	g *ptrace.Tracees
	p *ptrace.Process
}

func (x *target) hold() *held {
	x.t.Helper()
	h := &held{target: x, g: ptrace.NewTracees(ptrace.NewTracer())}
	x.t.Cleanup(h.close)
	h.do(func() (err error) { h.p, err = h.g.Attach(x.pid()); return err })
	return h
}

func (h *held) close() {
	_ = h.g.Tracer().Do(func() {
		for _, p := range h.g.Processes() {
			if err := h.g.Kill(p); err != nil {
				h.t.Error(err)
			}
		}
	})
	h.g.Tracer().Close()
}

func (h *held) do(fn func() error) {
	h.t.Helper()
	var err error
	if e := h.g.Tracer().Do(func() { err = fn() }); e != nil {
		h.t.Fatal(e)
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *held) open() (s *Scanner, err error) {
	h.t.Helper()
	h.do(func() error { s, err = Open(h.g, h.p.Threads()[0]); return nil })
	return s, err
}

// scanner is open where it must succeed: everywhere that the tests run, Linux 6.7
// or later without a filter.
func (h *held) scanner() *Scanner {
	h.t.Helper()
	s, err := h.open()
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() {
		if err := s.Close(); err != nil {
			h.t.Error(err)
		}
	})
	return s
}

// run lets the process run while fn does.
func (h *held) run(fn func()) {
	h.t.Helper()
	over := make(chan error, 1)
	h.do(h.g.ResumeAll)
	go func() {
		var err error
		if e := h.g.Tracer().Do(func() { err = pump(h.g) }); e != nil {
			err = e
		}
		over <- err
	}()
	fn()
	_ = h.g.Nudge() // fails if it has ended, which ends the pump too
	if err := <-over; err != nil {
		h.t.Fatal(err)
	}
	h.do(h.g.StopAll)
}

func pump(g *ptrace.Tracees) error {
	for {
		ev, err := g.Wait()
		if err == ptrace.ErrNothing {
			return nil
		}
		if err != nil || ev.Kind == ptrace.Nudged {
			return err
		}
		if ev.Thread != nil {
			if err := g.Resume(ev.Thread); err != nil {
				return err
			}
		}
	}
}

// covered is a target of which one page is covered, and a scanner that has just found
// it clean.
func covered(t testing.TB, kind string) (*held, *Scanner, uint64) {
	t.Helper()
	h := startTarget(t, nil).hold()
	s := h.scanner()
	addr := h.at[kind]
	add(t, s, addr, 8)
	if scanned(t, s, addr) {
		t.Fatalf("%s is dirty after Add", kind)
	}
	return h, s, addr
}

func add(t testing.TB, s *Scanner, addr, size uint64) {
	t.Helper()
	if err := s.Add(addr, size); err != nil {
		t.Fatal(err)
	}
}

// scanned scans, and reports whether the page at addr was found written.
func scanned(t testing.TB, s *Scanner, addr uint64) bool {
	t.Helper()
	since := s.Scans()
	if err := s.Scan(); err != nil {
		t.Fatal(err)
	}
	return s.Dirty(addr, 1) > since
}

// eventually polls for what cannot be waited for.
func eventually(t testing.TB, what string, happened func() bool) {
	t.Helper()
	for deadline := time.Now().Add(testkit.Deadline / 2); !happened(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatal("in vain: " + what)
		}
	}
}

// asNobody makes a command run as an ordinary user if we are root.
func asNobody(cmd *exec.Cmd) {
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
}
