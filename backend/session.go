package backend

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/go-delve/delve/pkg/proc"
	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/glue"
	"github.com/argusdbg/argus/internal/lanes"
)

// LaunchConfig says how a program is started.
type LaunchConfig struct {
	Path string   // the executable file
	Args []string // arguments after the program's name
	Dir  string   // working directory; "" is the caller's
	Env  []string // KEY=VALUE; nil is the caller's environment

	// Standard files. A nil Stdin reads as empty; nil Stdout and Stderr are the
	// caller's.
	Stdin, Stdout, Stderr *os.File

	// NewProcessGroup makes the program lead a process group: signals from the
	// caller's terminal do not reach it, and Kill ends all of the group.
	NewProcessGroup bool

	// Foreground gives the program the terminal that Stdin is, if it is one: what is typed
	// there, Ctrl-C among it, is for the program then and not for the caller. It implies
	// NewProcessGroup.
	Foreground bool

	DisableASLR bool

	Options
}

// Options are those of Launch and Attach alike.
type Options struct {
	// DebugInfoDirs is where to look for debug information that is apart from the
	// program.
	DebugInfoDirs []string

	// CatchPanics stops at unrecovered panics and fatal errors of the runtime. It
	// writes breakpoint instructions into the program.
	CatchPanics bool

	// Driver is what arms watchpoints: "perf", "ptrace", or "auto" (also ""), which
	// takes perf where it is permitted. Session.Driver says which it is.
	Driver string

	// Safe is whether the program survives if the debugger dies: see [Safety].
	Safe Safety

	// Slice is how long a turn of watchpoints takes that take turns; 0 is 2 ms.
	Slice time.Duration

	// Adaptive gives sampled watchpoints that miss something more turns than others, to
	// catch writers that come seldom or in bursts (docs/scheduling.md). There are no
	// estimates then: they would be too high.
	Adaptive bool

	// NoGuards leaves the program's pages alone: an exact watchpoint that finds no debug
	// registers is refused.
	NoGuards bool

	// AllowStepping has every instruction of the program single-stepped where an exact
	// watchpoint finds no debug registers, and its page cannot be guarded. That makes the
	// program a thousand times slower and more. It is refused to programs that are to
	// survive the debugger (Safe).
	AllowStepping bool

	// AnyGoVersion debugs programs of Go versions that are not known to work.
	AnyGoVersion bool
}

// Safety is whether a program that has been attached to must survive the sudden death of
// the debugger while watchpoints are hit. A program that was launched ends with the
// debugger anyway.
type Safety string

// Safeties. Safe stops need the perf driver and the permission to load BPF programs, and
// cost more at each stop.
const (
	SafeAuto Safety = ""    // attached programs, where it is permitted; see internal/guard for the steps that are not
	SafeOn   Safety = "on"  // or an error; there are no page guards then
	SafeOff  Safety = "off" // the program may die with the debugger
)

func (o *Options) slots(attached bool) (lanes.Options, error) {
	switch o.Safe {
	case SafeAuto, SafeOn, SafeOff, "auto":
	default:
		return lanes.Options{}, fmt.Errorf("safe %q: there are on, off and auto", o.Safe)
	}
	d, err := lanes.Choose(o.Driver, o.Safe == SafeOn || attached && o.Safe != SafeOff, o.Safe == SafeOn)
	return lanes.Options{Driver: d, Slice: o.Slice, Adaptive: o.Adaptive, NoGuards: o.NoGuards, Stepping: o.AllowStepping,
		Survive: o.Safe == SafeOn}, err
}

// Session is one program under the debugger.
type Session struct {
	gate     gate
	began    time.Time // of the first run
	pid      int
	path     string
	launched bool
	core     bool   // there is no process
	driver   string // what arms watchpoints; "" for a core file

	// For whoever the gate lets in.
	*debuggee              // the one that is looked at
	debuggees  []*debuggee // all that are there, in the order in which they came
	group      *glue.Group
	leader     *glue.Process // the process that was launched or attached to; nil: a core file
	anyVersion bool
	watches    []*Watchpoint
	ends       bool           // some of them have found their ends, and have yet to be told of
	window     []byte         // scratch of compareAll
	behind     []*lanes.Entry // scratch of touchedBehind
	switchWay  string         // by which switches of goroutines are told of; "": by the best
	alwaysSwap bool           // what is for one goroutine is its own whatever is free: for tests
	stops      []*Hit         // since the program was resumed, of watchpoints that stop
	arrivals   []arrival      // at breakpoints, since the program was resumed
	condErr    error          // of a breakpoint, since then
	onWay      *onWay         // a thread is on its way to the end of a statement; or nil
	wholes     bool           // there has been a watchpoint on an object
	single     bool           // the user steps single instructions
	breaks     map[int]*Breakpoint
	catchers   map[string]*Breakpoint // by the exception that they catch
	onFollow   func(*Followed)
	execed     *Exec
	ran        bool
	lastID     int

	mu     sync.Mutex
	ended  Event    // guarded by mu; what the session ended with
	traces []*Trace // guarded by mu
}

// Launch starts a program. It is stopped before its first instruction, and ends when
// the Session does, or the process that holds it.
func Launch(ctx context.Context, cfg LaunchConfig) (*Session, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	path, err := filepath.Abs(cfg.Path)
	if err != nil {
		return nil, err
	}
	if cfg.Dir != "" {
		if st, err := os.Stat(cfg.Dir); err != nil || !st.IsDir() {
			return nil, &LaunchError{Path: cfg.Path, Err: fmt.Errorf("%s is not a directory to work in", cfg.Dir)}
		}
	}
	if err := checkProgram(cfg.Path, path, cfg.Options); err != nil {
		return nil, err
	}
	slots, err := cfg.Options.slots(false)
	if err != nil {
		return nil, err
	}
	s := newSession(path)
	g, err := glue.LaunchObserved(glue.LaunchConfig{
		Path: path, Args: append([]string{cfg.Path}, cfg.Args...), Dir: cfg.Dir, Env: cfg.Env,
		Stdin: cfg.Stdin, Stdout: cfg.Stdout, Stderr: cfg.Stderr,
		NewProcessGroup: cfg.NewProcessGroup, Foreground: cfg.Foreground && cfg.Stdin != nil, DisableASLR: cfg.DisableASLR, DebugInfoDirs: cfg.DebugInfoDirs,
		Slots: slots,
	}, (*observer)(s))
	if err != nil {
		return nil, explainTarget(cfg.Path, err)
	}
	if err := s.begin(ctx, g, cfg.Path, cfg.Options, true); err != nil {
		return nil, err
	}
	return s, nil
}

// Attach holds a running process, stopped with all its threads.
func Attach(ctx context.Context, pid int, o Options) (*Session, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	exe, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid)) // "" is good enough
	s := newSession(exe)
	name := fmt.Sprintf("process %d", pid)
	if s.path != "" {
		name += " (" + s.path + ")"
	}
	if pid != os.Getpid() { // which has a better reason not to be attached to
		if err := checkProgram(name, fmt.Sprintf("/proc/%d/exe", pid), o); err != nil {
			return nil, err
		}
	}
	slots, err := o.slots(true)
	if err != nil {
		return nil, err
	}
	g, err := glue.AttachObserved(pid, o.DebugInfoDirs, (*observer)(s), slots)
	if err != nil {
		return nil, explainTarget(name, err)
	}
	if err := s.begin(ctx, g, name, o, false); err != nil {
		return nil, err
	}
	return s, nil
}

func newSession(path string) *Session {
	s := &Session{began: time.Now(), path: path}
	s.breaks, s.catchers = map[int]*Breakpoint{}, map[string]*Breakpoint{}
	s.gate.over = func() bool { return s.Ended() != nil }
	return s
}

// begin finds out what is needed of the program. On an error the program is ended, or
// let go if it was attached to.
func (s *Session) begin(ctx context.Context, g *glue.Group, name string, o Options, launched bool) error {
	s.launched, s.group, s.anyVersion = launched, g, o.AnyGoVersion
	s.pid = g.Targets.Selected.Pid()
	s.leader = g.Process()
	s.driver = s.leader.Board().Driver()
	d, err := newDebuggee(g.Targets.Selected, g.Process(), name, o.AnyGoVersion)
	if err == nil {
		s.debuggees = append(s.debuggees, d)
		s.use(d)
		err = context.Cause(ctx)
	}
	if err == nil && o.CatchPanics {
		err = s.catch(true, true)
	}
	if err != nil {
		_ = g.Targets.Detach(launched)
		return err
	}
	return nil
}

// explainTarget turns Delve's words about a program into ours.
func explainTarget(name string, err error) error {
	var bad *proc.ErrBadBinaryInfo
	if errors.As(err, &bad) {
		return &TargetError{Path: name, Err: err, Reason: "no usable debug information: it was stripped, or linked with -ldflags=-s or -w; " +
			"build it again without that (" + bad.Error() + ")"}
	}
	return err
}

// PID is the process's id.
func (s *Session) PID() int { return s.pid }

// Driver is what arms watchpoints: "perf", "perf-safe" (the program survives the
// debugger's death) or "ptrace".
func (s *Session) Driver() string { return s.driver }

// Path is the file of the program; "" if it cannot be known.
func (s *Session) Path() string { return s.path }

// Ended returns what the session ended with, nil as long as it has not.
func (s *Session) Ended() Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

func (s *Session) end(ev Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended == nil {
		s.ended = ev
	}
	s.endTraces(nil)
}

func (s *Session) errEnded() error {
	if ev := s.Ended(); ev != nil {
		return fmt.Errorf("%w: %s", ErrEnded, ev)
	}
	return ErrEnded
}

// do runs fn with the target to itself; see gate.
func (s *Session) do(ctx context.Context, fn func() error) error {
	var err error
	if gateErr := s.gate.do(ctx, s.group.Nudge, s.errEnded, func() {
		if s.Ended() != nil {
			err = s.errEnded()
			return
		}
		s.freshen()
		err = fn()
	}); gateErr != nil {
		return gateErr
	}
	return err
}

// freshen drops what Delve remembers of a target that has moved since, or whose memory
// we have written to.
func (s *Session) freshen() {
	if ok, _ := s.target.Valid(); !ok {
		return
	}
	runs, moving := s.moment()
	if now := (moment{runs, s.views.writes}); moving || s.views.fresh != now {
		s.target.ClearCaches()
		s.population.forget()
		s.views.fresh = now
		if moving {
			s.views.fresh = moment{} // nothing is of no run
		}
	}
	if _, ok := s.target.FindThread(s.target.CurrentThread().ThreadID()); !ok {
		if ths := s.target.ThreadList(); len(ths) > 0 {
			_ = s.target.SwitchThread(ths[0].ThreadID())
		}
	}
}

func signalName(sig unix.Signal) string {
	if name := unix.SignalName(sig); name != "" {
		return name
	}
	return fmt.Sprintf("signal %d", int(sig))
}
