package glue

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/gprobe"
)

// Switches tell when a thread is about to run another goroutine than before.
//
// The runtime starts and resumes a goroutine by runtime.gogo, which loads its registers.
// It is called with another goroutine's than the thread's own in two functions alone:
// runtime.execute, which the scheduler ends with, and runtime.coroswitch_m, by which
// iter.Pull changes from one coroutine to the other without the scheduler (FACTS E2). What
// else calls it (stack growth, recovery) goes on with the same goroutine, as a system call
// does that finds its thread as it has left it; one that does not goes through the
// scheduler. A thread that C has made brings a goroutine along, and begins to run it in
// runtime.cgocallbackg.
//
// So these calls, and that entry, are all the ways in. A test holds them against what the
// runtime writes to g.m (FACTS E1), for each Go version. Where goroutines end,
// runtime.goexit1, is looked at besides.
//
// Where probes are permitted there are probes: no rate of switches makes anything else cheaper
// (package backend's comment has the figures).
//
// There are two ways to be told of them: probes (switchprobe.go), by which a thread is
// stopped for the goroutines that are asked for alone, and hooks (switchhook.go), by which
// every thread is that comes there. Ends are told of from the beginning; where goroutines
// begin to run nothing is placed until somebody wants to know.
type Switches struct {
	p        *Process
	observer SwitchObserver
	gobuf    uint64
	places   []switchPlace
	ends     tellers
	comes    tellers // none: nobody wants to know
	wanted   map[uint64]*wantedG
	awaited  map[uint64]int // goroutines whose ends are, and how often
}

// tellers tell of switches at some of the places. Of the two there is one, or none.
type tellers struct {
	hooks  []*Hook
	probes *gprobe.Probes
}

// wantedG is a goroutine that is asked for.
type wantedG struct {
	times int
	stays int // the thread on which nobody asks for it; 0: none
}

// SwitchObserver is told of switches on the tracer's thread, of goroutines that are asked
// for alone. Only th is certain to be stopped. g is where the runtime.g is. A breakpoint
// that is returned becomes th's, and everything stops, as with [Observer.Hit].
type SwitchObserver struct {
	// Comes is told that th is about to run a goroutine that is wanted. It may be called when
	// it is running already.
	Comes func(th *Thread, g uint64) *proc.Breakpoint
	// Ends is told that the goroutine on th, whose end is awaited, is about to end.
	Ends func(th *Thread, g uint64) *proc.Breakpoint
	// Running returns the user's goroutine on whose behalf a thread runs, 0 if there is none.
	Running func(th *Thread) uint64
	// Gobuf is where runtime.g has its field sched.
	Gobuf uint64
}

// Ways to be told of switches.
const (
	SwitchesByProbe = "probe" // uprobes with BPF programs
	SwitchesByHook  = "hook"  // breakpoint instructions
)

// SwitchError says why it cannot be known when goroutines run.
type SwitchError struct {
	Function string // of the runtime, which is not as it is known
	Reason   string
}

func (e *SwitchError) Error() string {
	return fmt.Sprintf("goroutines cannot be followed from thread to thread: %s %s: this Go version's runtime is not known (1.24 to 1.26 are)", e.Function, e.Reason)
}

// FollowSwitches begins to tell of switches. way is one of the two, or "" for probes where
// they are permitted. There can be one that follows them at a time. All threads are stopped,
// here as in all that it has. The error is a [*SwitchError] if the runtime is not as it is known.
func (p *Process) FollowSwitches(way string, o SwitchObserver) (*Switches, error) {
	if p.switches != nil {
		return nil, errFollowed
	}
	places, err := p.switchPlaces()
	if err != nil {
		return nil, err
	}
	s := &Switches{p: p, observer: o, gobuf: o.Gobuf, places: places, wanted: map[uint64]*wantedG{}, awaited: map[uint64]int{}}
	var denied error
	if way != SwitchesByHook {
		if s.ends, denied = s.probe(true); denied != nil && way == SwitchesByProbe {
			return nil, denied
		}
	}
	if s.ends.probes == nil {
		if s.ends, err = s.hook(true); err != nil {
			return nil, errors.Join(err, denied)
		}
	}
	p.switches = s
	return s, nil
}

var errFollowed = errors.New("goroutines are being followed already")

// Way is how switches are told of.
func (s *Switches) Way() string {
	if s.ends.probes != nil {
		return SwitchesByProbe
	}
	return SwitchesByHook
}

// Await asks for the end of the goroutine whose runtime.g is at g, as often as that is called.
func (s *Switches) Await(g uint64) error {
	s.awaited[g]++
	if s.ends.probes == nil {
		return nil
	}
	return s.ends.probes.Want(g, 0)
}

// Unawait takes one Await back.
func (s *Switches) Unawait(g uint64) {
	if s.awaited[g]--; s.awaited[g] > 0 {
		return
	}
	delete(s.awaited, g)
	if s.ends.probes != nil {
		_ = s.ends.probes.Unwant(g) // an error: threads stop in vain
	}
}

// Want asks for where the goroutine runs whose runtime.g is at g, as often as that is called.
func (s *Switches) Want(g uint64) error {
	if len(s.wanted) == 0 {
		var err error
		if s.Way() == SwitchesByProbe {
			s.comes, err = s.probe(false)
		} else {
			s.comes, err = s.hook(false)
		}
		if err != nil {
			return err
		}
	}
	w := s.wanted[g]
	if w == nil {
		w = &wantedG{}
		s.wanted[g] = w
	}
	w.times++
	return s.Stays(g, nil)
}

// Unwant takes one Want back.
func (s *Switches) Unwant(g uint64) {
	w := s.wanted[g]
	if w == nil {
		return
	}
	if w.times--; w.times > 0 {
		return
	}
	delete(s.wanted, g)
	switch {
	case len(s.wanted) == 0:
		_ = s.takeOut(&s.comes) // an error: threads stop in vain, or the process is being killed
	case s.comes.probes != nil:
		_ = s.comes.probes.Unwant(g) // the same
	}
}

// Stays tells that nobody needs to know when a goroutine comes to th again, until Stays is
// called anew; nil: everybody does. It is a favour: who does not know better is told.
func (s *Switches) Stays(g uint64, th *Thread) error {
	w := s.wanted[g]
	if w == nil {
		return nil
	}
	if w.stays = 0; th != nil {
		w.stays = th.held.TID
	}
	if s.comes.probes == nil {
		return nil
	}
	return s.comes.probes.Want(g, w.stays)
}

// gone forgets what was said about a thread that has ended: its id will be another's.
func (s *Switches) gone(tid int) error {
	for g, w := range s.wanted {
		if w.stays == tid {
			if err := s.Stays(g, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// Missed is how often a thread may have run a goroutine that nobody was told of, since
// somebody has wanted to know.
func (s *Switches) Missed() uint64 {
	if s.comes.probes == nil {
		return 0
	}
	return s.comes.probes.Missed()
}

// Close takes out what tells of switches.
func (s *Switches) Close() error {
	s.p.switches = nil
	return errors.Join(s.takeOut(&s.comes), s.takeOut(&s.ends))
}

func (s *Switches) takeOut(t *tellers) error {
	var errs []error
	for _, h := range t.hooks {
		errs = append(errs, s.p.RemoveHook(h))
	}
	if t.probes != nil {
		errs = append(errs, s.p.g.do(func() error { return s.unprobe(t.probes) }))
	}
	*t = tellers{}
	return errors.Join(errs...)
}

// switchPlace is an instruction at which a thread is about to run a goroutine, or to end one.
type switchPlace struct {
	addr uint64
	call bool // of runtime.gogo, for the goroutine that is its argument; otherwise it is the thread's own
	ends bool
}

// switchPlaces finds all of them. They are looked for once: probes change the code.
func (p *Process) switchPlaces() (places []switchPlace, err error) {
	if p.switching != nil {
		return p.switching, nil
	}
	for _, f := range []struct {
		name  string
		call  bool
		ends  bool
		maybe bool // the linker leaves it out where nothing calls it
	}{
		{name: "runtime.execute", call: true},
		{name: "runtime.coroswitch_m", call: true, maybe: true},
		{name: "runtime.cgocallbackg", maybe: true},
		{name: "runtime.goexit1", ends: true},
	} {
		fns, err := p.bi.FindFunction(f.name)
		if err != nil || len(fns) == 0 {
			if f.maybe {
				continue
			}
			return nil, &SwitchError{f.name, "is not there"}
		}
		for _, fn := range fns {
			if file, _, _ := p.bi.PCToLine(fn.Entry); file == "<autogenerated>" {
				continue // it leads to the function from the other calling convention
			}
			code := make([]byte, fn.End-fn.Entry)
			if _, err := p.ReadProgram(code, fn.Entry); err != nil {
				return nil, fmt.Errorf("read %s: %w", fn.Name, err)
			}
			if !f.call {
				places = append(places, switchPlace{addr: fn.Entry + prologue(code), ends: f.ends})
				continue
			}
			calls := p.callsIn(code, fn.Entry, "runtime.gogo")
			if len(calls) != 1 {
				return nil, &SwitchError{f.name, fmt.Sprintf("calls runtime.gogo %d times", len(calls))}
			}
			places = append(places, switchPlace{addr: calls[0], call: true})
		}
	}
	p.switching = places
	return places, nil
}

// callsIn finds the calls of a function in some code.
func (p *Process) callsIn(code []byte, pc uint64, callee string) (calls []uint64) {
	for at := 0; at < len(code); {
		n, target, call := callAt(code[at:], pc+uint64(at))
		if n == 0 {
			break // padding
		}
		if call {
			if to := p.bi.PCToFunc(target); to != nil && to.Entry == target && strings.TrimSuffix(to.Name, ".abi0") == callee {
				calls = append(calls, pc+uint64(at))
			}
		}
		at += n
	}
	return calls
}
