package ptrace

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestInsertAndRemove(t *testing.T) {
	s := open(t)
	p := s.launch("idle", "1")
	place := symbol(t, "place")
	raw := func() []byte {
		b := make([]byte, 8)
		if _, err := p.Memory.ReadMemory(b, place-4); err != nil {
			t.Fatal(err)
		}
		return b
	}
	program := func(from uint64, n int) []byte {
		b := make([]byte, n)
		if got, err := p.ReadProgram(b, from); err != nil || got != n {
			t.Fatal(got, err)
		}
		return b
	}
	original := raw()
	if p.HasBreakpoint(place) || p.Original(place) != nil {
		t.Error("a breakpoint before any was set")
	}
	for range 2 { // the second time nothing
		s.breakAt(p, place)
		if b := raw(); b[4] != 0xcc || !bytes.Equal(b[:4], original[:4]) || !bytes.Equal(b[5:], original[5:]) {
			t.Errorf("memory %x, was %x", b, original)
		}
	}
	s.breakAt(p, place+1)
	if !p.HasBreakpoint(place) || !bytes.Equal(p.Original(place), original[4:5]) {
		t.Errorf("original %x", p.Original(place))
	}
	for _, c := range [][2]int{{-4, 8}, {0, 1}, {1, 3}, {-1, 2}, {-4, 4}} {
		if b := program(place+uint64(int64(c[0])), c[1]); !bytes.Equal(b, original[4+c[0]:4+c[0]+c[1]]) {
			t.Errorf("%v: program %x of %x", c, b, original)
		}
	}
	for range 2 {
		s.do(func() error { return p.RemoveBreakpoint(place) })
	}
	s.do(func() error { return p.RemoveBreakpoint(place + 1) })
	if !bytes.Equal(raw(), original) || p.HasBreakpoint(place) {
		t.Errorf("memory %x, was %x", raw(), original)
	}
	if err := s.try(func() error { return p.InsertBreakpoint(8) }); err == nil || p.HasBreakpoint(8) {
		t.Errorf("a breakpoint at unmapped memory: %v", err)
	}
	s.do(func() error { _, err := p.ReadProgram(nil, place); return err })
}

func TestRunToBreakpointAndStepOver(t *testing.T) {
	s := open(t)
	p := s.launch("busy", "3")
	place := symbol(t, "place")
	s.breakAt(p, place)
	hits := map[int]int{}
	at := func(ev Event) error {
		if ev.Kind != Breakpoint {
			return nil
		}
		addr, ours, err := ev.Thread.RanBreakpoint()
		if err != nil || !ours || addr != place {
			return fmt.Errorf("at %#x, ours %v, %v", addr, ours, err)
		}
		hits[ev.Thread.TID]++
		return backToPlace(ev.Thread)
	}
	for range 300 {
		var reached []*Thread
		note := func(ev Event) error {
			if ev.Kind == Breakpoint {
				reached = append(reached, ev.Thread)
			}
			return at(ev)
		}
		s.run(func(ev Event) error {
			if err := note(ev); err != nil || ev.Kind != Breakpoint {
				return err
			}
			return errStop
		})
		s.stopAll()
		s.do(func() error { return s.drain(note) })
		for _, th := range reached {
			s.do(func() error {
				if _, err := s.g.StepOver(th); err != nil {
					return err
				}
				r, err := th.Registers()
				if err == nil && (r.PC() != place+1 || s.word(p, place)&0xff != 0xcc) {
					err = fmt.Errorf("pc %#x, want %#x; byte %#x", r.PC(), place+1, s.word(p, place)&0xff)
				}
				return err
			})
		}
	}
	if len(hits) != 3 {
		t.Errorf("hits by thread: %v", hits)
	}
}

// The program's own int3 is told apart, and a SIGTRAP that it is sent is its own.
func TestForeignBreakpoint(t *testing.T) {
	s := open(t)
	p := s.launch("store")
	store := symbol(t, "store")
	if _, err := p.Memory.WriteMemory(store, []byte{0xcc}); err != nil {
		t.Fatal(err)
	}
	s.resumeAll()
	ev := s.expect(Breakpoint)
	s.do(func() error {
		addr, ours, err := ev.Thread.RanBreakpoint()
		if err == nil && (ours || addr != store) {
			err = fmt.Errorf("at %#x, ours %v", addr, ours)
		}
		ev.Thread.Deliver(&ev.Info)
		return err
	})
	if st := s.toTheEnd(p); st.Signal != unix.SIGTRAP {
		t.Errorf("ended with %v", st)
	}
}

func TestChildrenDoNotMeetBreakpoints(t *testing.T) {
	for _, how := range []string{"fork", "vfork", "forkexec", "vforkexec", "clonevm", "cloneother"} {
		for _, follow := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/follow=%v", how, follow), func(t *testing.T) {
				s := open(t)
				s.g.FollowExec = follow
				p := s.launch(how, "20")
				place := symbol(t, "place")
				s.breakAt(p, place)
				var status ExitStatus
				execs := 0
				s.run(func(ev Event) error {
					switch {
					case ev.Kind == Execed:
						execs++
						if ev.Replaced != nil || ev.Proc == p || ev.Proc.HasBreakpoint(place) {
							return fmt.Errorf("%+v", ev)
						}
					case ev.Kind == ProcessGone && ev.Proc == p:
						status = ev.Status
					case ev.Kind == ProcessGone:
						if ev.Status.Code != 42 {
							return fmt.Errorf("a child ended with %v", ev.Status)
						}
					case ev.Kind != Leaving:
						return fmt.Errorf("event %v", ev.Kind)
					case !p.Ended() && !p.HasBreakpoint(place) || ev.Proc == p && s.word(p, place)&0xff != 0xcc:
						return errors.New("the breakpoint has gone from the parent")
					}
					return nil
				})
				want := 0
				if follow && (how == "forkexec" || how == "vforkexec") {
					want = 20
				}
				if status != (ExitStatus{}) || execs != want {
					t.Errorf("ended with %v after %d execs, want %d", status, execs, want)
				}
			})
		}
	}
}

func TestExecUnderBreakpoint(t *testing.T) {
	s := open(t)
	p := s.launch("replace")
	place := symbol(t, "place")
	s.breakAt(p, place)
	s.resumeAll()
	ev := s.expect(Breakpoint)
	s.do(func() error { return backToPlace(ev.Thread) })
	s.do(func() error { _, err := s.g.StepOver(ev.Thread); return err })
	s.resumeAll()
	ev = s.expect(Execed)
	if ev.Replaced != p || !p.Ended() || ev.Proc == p || ev.Proc.PID != p.PID || ev.Proc.HasBreakpoint(place) || !ev.Thread.Stopped() {
		t.Errorf("%+v", ev)
	}
	if _, err := p.Memory.ReadMemory(make([]byte, 1), place); !errors.Is(err, ErrMemoryClosed) {
		t.Errorf("the former memory: %v", err)
	}
	if s.word(ev.Proc, place)&0xff == 0xcc {
		t.Error("a breakpoint in the new program")
	}
	if st := s.toTheEnd(ev.Proc); st.Code != 5 {
		t.Errorf("ended with %v", st)
	}
}

// The child of a vfork keeps the memory, breakpoints and all, when another thread
// of its parent calls exec.
func TestExecLeavesVforkChild(t *testing.T) {
	for _, follow := range []bool{false, true} {
		s := open(t)
		s.g.FollowExec = follow
		p := s.launch("orphan")
		s.breakAt(p, symbol(t, "place"))
		if st := s.toTheEnd(p); st.Code != 0 {
			t.Errorf("ended with %v", st)
		}
	}
}

// A program can unmap the code under a breakpoint, or put other code there.
func TestRemoveAfterUnmap(t *testing.T) {
	for _, remap := range []string{"0", "1"} {
		s := open(t)
		p := s.launch("code", remap)
		place := symbol(t, "place")
		s.breakAt(p, place)
		s.resumeAll()
		ev := s.expect(Breakpoint)
		code := s.word(p, symbol(t, "x"))
		s.breakAt(p, code)
		next := func() {
			s.do(func() error { return backToPlace(ev.Thread) })
			s.do(func() error { _, err := s.g.StepOver(ev.Thread); return err })
		}
		next()
		s.resumeAll()
		ev = s.expect(Breakpoint)
		s.do(func() error { return backToPlace(ev.Thread) })
		s.do(func() error { return p.RemoveBreakpoint(code) })
		s.breakAt(p, place)
		if remap == "1" && s.word(p, code)&0xff != 0x77 {
			t.Errorf("what the program put there is %#x now", s.word(p, code)&0xff)
		}
		s.do(func() error { return p.RemoveBreakpoint(place) })
		want := map[string]int{"0": 0, "1": 0x77}[remap]
		if st := s.toTheEnd(p); st.Code != want {
			t.Errorf("ended with %v, want %d", st, want)
		}
	}
}

// The instruction under the breakpoint is an exec: the process is another after it.
func TestStepOverExec(t *testing.T) {
	s := open(t)
	p := s.launch("replace")
	s.do(func() error {
		th := p.Threads()[0]
		for {
			if _, err := s.g.StepOver(th); errors.Is(err, ErrThreadGone) {
				return nil
			} else if err != nil {
				return err
			}
		}
	})
	ev := s.expect(Execed)
	if ev.Replaced != p {
		t.Errorf("%+v", ev)
	}
	if st := s.toTheEnd(ev.Proc); st.Code != 5 {
		t.Errorf("ended with %v", st)
	}
}

// A program that its user may start and not read cannot be looked into either.
func TestExecOfUnreadableProgram(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may read everything")
	}
	program, err := os.ReadFile(target(t))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "unreadable")
	if err := os.WriteFile(path, program, 0o111); err != nil {
		t.Fatal(err)
	}
	s := open(t)
	p := s.launch("exec", path)
	s.resumeAll()
	ev := s.expect(Execed)
	if _, err := ev.Proc.Memory.ReadMemory(make([]byte, 1), symbol(t, "x")); !errors.Is(err, ErrMemoryClosed) {
		t.Errorf("its memory: %v", err)
	}
	if st := s.toTheEnd(p); st.Code != 5 {
		t.Errorf("ended with %v", st)
	}
	err = s.try(func() error {
		_, err := s.g.Launch(LaunchConfig{Path: path, Args: []string{"target", "exit", "5"}})
		return err
	})
	var le *LaunchError
	if !errors.As(err, &le) {
		t.Errorf("launch: %v", err)
	}
}
