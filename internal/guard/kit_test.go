package guard

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
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
func startTarget(t testing.TB, path string, change func(*exec.Cmd)) *target {
	t.Helper()
	testkit.Watchdog(t)
	x := &target{t: t, cmd: exec.Command(path), at: map[string]uint64{}}
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
	t.Cleanup(func() {
		_ = x.cmd.Process.Kill()
		if x.cmd.Wait() != nil { // as where the Tracer has collected it
			_ = x.cmd.Process.Release()
		}
	})
	for {
		line := x.line()
		i := strings.LastIndexByte(line, ' ')
		addr, err := strconv.ParseUint(line[i+1:], 16, 64)
		if err != nil {
			t.Fatalf("it said %q", line)
		}
		if line[:i] == "end" {
			return x
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
	x.order(what, args...)
	n, err := strconv.Atoi(x.line())
	if err != nil {
		x.t.Fatal(err)
	}
	return n
}

func (x *target) order(what string, args ...uint64) {
	x.t.Helper()
	for _, a := range args {
		what += fmt.Sprintf(" %x", a)
	}
	if _, err := fmt.Fprintln(x.in, what); err != nil {
		x.t.Fatal(err)
	}
}

// answers is tell with the answer that is expected.
func (x *target) answers(want int, what string, args ...uint64) {
	x.t.Helper()
	if n := x.tell(what, args...); n != want {
		x.t.Fatalf("%s %#x: %d, want %d", what, args, n, want)
	}
}

func (x *target) pid() int { return x.cmd.Process.Pid }

func (x *target) proc(name string) string {
	x.t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", x.pid(), name))
	if err != nil {
		x.t.Fatal(err)
	}
	return string(data)
}

// peek reads a word of a process that nobody need hold; 0 if it cannot.
func (x *target) peek(addr uint64) uint64 {
	f, err := os.Open(fmt.Sprintf("/proc/%d/mem", x.pid()))
	if err != nil {
		return 0
	}
	defer f.Close()
	var b [8]byte
	_, _ = f.ReadAt(b[:], int64(addr))
	return binary.NativeEndian.Uint64(b[:])
}

func (x *target) state() byte { return testkit.State(x.pid()) }

// held is a target that a Tracer holds.
type held struct {
	*target
	g      *ptrace.Tracees
	p      *ptrace.Process
	guard  *Guard
	writes []Write               // that were told
	seen   func(w Write)         // is told of each too, on the tracer's thread
	events func(ev ptrace.Event) // and of other events
	values map[uint64]uint64     // of the words that are counted
	counts map[uint64]int        // by how much they were seen to change, one by one
	jumps  int                   // changes by more than one
}

func (x *target) hold(safe bool) *held {
	x.t.Helper()
	h := &held{target: x, g: ptrace.NewTracees(ptrace.NewTracer()), values: map[uint64]uint64{}, counts: map[uint64]int{}}
	h.g.Safe = safe
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
		if h.guard != nil {
			if err := h.guard.Close(); err != nil {
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

// open makes a Guard. Where the machine gives none to the program the test is skipped.
func (h *held) open() {
	h.t.Helper()
	var forbidden *NotPermittedError
	h.do(func() (err error) {
		if h.guard, err = Open(h.g, h.p.Threads()[0]); errors.As(err, &forbidden) {
			err = nil
		}
		return err
	})
	if forbidden != nil && os.Getuid() != 0 && unprivileged() {
		h.t.Skip(forbidden)
	} else if forbidden != nil {
		h.t.Fatal(forbidden)
	}
}

func unprivileged() bool {
	b, err := os.ReadFile("/proc/sys/vm/unprivileged_userfaultfd")
	return err == nil && strings.TrimSpace(string(b)) == "0"
}

func (h *held) add(addr, size uint64) {
	h.t.Helper()
	h.do(func() error { return h.guard.Add(addr, size) })
}

// count watches words: the changes of each are counted, and are to be by one.
func (h *held) count(addrs ...uint64) {
	h.t.Helper()
	for _, a := range addrs {
		h.values[a] = h.word(a)
	}
}

func (h *held) word(addr uint64) uint64 {
	var b [8]byte
	if _, err := h.p.Memory.ReadMemory(b[:], addr); err != nil {
		return 0
	}
	return binary.NativeEndian.Uint64(b[:])
}

func (h *held) tellOf(w Write) error {
	h.writes = append(h.writes, w)
	for a, was := range h.values {
		if now := h.word(a); now != was {
			if now != was+1 {
				h.jumps++
			}
			h.counts[a]++
			h.values[a] = now
		}
	}
	if h.seen != nil {
		h.seen(w)
	}
	return nil
}

// run lets the process run while fn does.
func (h *held) run(fn func()) {
	h.t.Helper()
	over := make(chan error, 1)
	h.do(h.g.ResumeAll)
	go func() {
		var err error
		if e := h.g.Tracer().Do(func() { err = h.pump() }); e != nil {
			err = e
		}
		over <- err
	}()
	finished := false
	defer func() { // fn may have ended the test
		if !finished {
			_ = h.g.Nudge()
		}
	}()
	fn()
	finished = true
	for waiting := true; waiting; {
		_ = h.g.Nudge() // fails if it has ended, which ends the pump too
		select {
		case err := <-over:
			if err != nil {
				h.t.Fatal(err)
			}
			waiting = false
		case <-time.After(100 * time.Millisecond): // a thread that was leaving took the nudge with it
		}
	}
	h.do(func() error {
		if err := h.g.StopAll(); err != nil {
			return err
		}
		return h.guard.Tell(h.tellOf)
	})
}

var errNudged = errors.New("nudged")

func (h *held) pump() error {
	for {
		ev, err := h.g.Wait()
		if err == ptrace.ErrNothing {
			return nil
		}
		if err != nil {
			return err
		}
		switch ev.Kind {
		case ptrace.Nudged:
			return nil
		case ptrace.Guarded:
			if err := h.serve(); err == errNudged {
				return nil
			} else if err != nil {
				return err
			}
			continue
		}
		if h.events != nil {
			h.events(ev)
		}
		if ev.Thread != nil {
			if err := h.g.Resume(ev.Thread); err != nil {
				return err
			}
		}
	}
}

func (h *held) serve() error {
	if err := h.g.StopOthers(); err != nil {
		return err
	}
	if err := h.guard.Serve(h.tellOf); err != nil {
		return err
	}
	var nudged error
	for {
		ev, ok := h.g.Queued()
		if !ok {
			break
		}
		if ev.Kind == ptrace.Nudged {
			nudged = errNudged
		} else if ev.Kind != ptrace.Guarded && h.events != nil {
			h.events(ev)
		}
	}
	if nudged != nil {
		return nudged
	}
	return h.g.ResumeAll()
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

// guarded is a target with one page of a kind guarded.
func guarded(t testing.TB, kind string) (*held, uint64) {
	t.Helper()
	h := startTarget(t, program(t), nil).hold(false)
	h.open()
	addr := h.at[kind]
	h.add(addr, 8)
	return h, addr
}

// fault classes of what was told.
func (h *held) told() (user, calls, unseen int) {
	for _, w := range h.writes {
		switch {
		case w.Unseen:
			unseen++
		case w.InCall:
			calls++
		default:
			user++
		}
	}
	return
}

// protected reports what the kernel has protected of a page, by asking its page table
// (bit 57 of /proc/PID/pagemap: Documentation/admin-guide/mm/pagemap.rst).
func (h *held) protected(addr uint64) bool {
	h.t.Helper()
	f, err := os.Open(fmt.Sprintf("/proc/%d/pagemap", h.pid()))
	if err != nil {
		h.t.Fatal(err)
	}
	defer f.Close()
	var b [8]byte
	if _, err := f.ReadAt(b[:], int64(addr/pageSize*8)); err != nil {
		h.t.Fatal(err)
	}
	return binary.NativeEndian.Uint64(b[:])>>57&1 == 1
}
