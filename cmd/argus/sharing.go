package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/argusdbg/argus/backend"
)

const (
	// minSlice is the shortest turn that can be asked for. A change-over takes some
	// tens of microseconds (package perf): below this it would be the longer part.
	minSlice = 100 * time.Microsecond

	// mainThread is what --thread calls the thread whose id is the process's.
	mainThread = "main"
)

// sharing is how watchpoints share the debug registers.
type sharing struct {
	mode   string
	groups [][]string // what each --group names
	thread string
	slice  time.Duration
	driver string
	safe   string // attach's
	steps  bool
}

// flags are those of watch and attach alike.
func (s *sharing) flags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "mode", Usage: "exact, sampled or pinned", Value: string(backend.ModeExact), Destination: &s.mode,
			Validator: oneOf(string(backend.ModeExact), string(backend.ModeSampled), string(backend.ModePinned))},
		&cli.GenericFlag{Name: "group", Usage: "watch EXPR,EXPR,... together or not at all", Value: &groupFlag{s}},
		&cli.StringFlag{Name: "thread", Usage: "watch the accesses of one thread alone", Destination: &s.thread},
		&cli.DurationFlag{Name: "slice", Usage: "how long a turn takes", Value: 2 * time.Millisecond, Destination: &s.slice, Validator: longEnough},
		&cli.StringFlag{Name: "driver", Usage: "auto, perf or ptrace", Value: "auto", Destination: &s.driver, Validator: oneOf("auto", "perf", "ptrace")},
		&cli.BoolFlag{Name: "allow-stepping", Usage: "single-step the program (a thousand times slower) for what can be exact in no other way", Destination: &s.steps},
	}
}

func (s *sharing) safeFlag() cli.Flag {
	return &cli.StringFlag{Name: "safe", Usage: "on, off or auto", Value: "auto", Destination: &s.safe, Validator: oneOf("on", "off", "auto")}
}

func longEnough(d time.Duration) error {
	if d < minSlice {
		return fmt.Errorf("shorter than %v", minSlice)
	}
	return nil
}

// groupFlag is the value of --group.
type groupFlag struct{ s *sharing }

// Set adds a group.
func (f *groupFlag) Set(text string) error {
	items, err := splitItems(text)
	if err != nil {
		return err
	}
	if len(items) == 1 {
		return fmt.Errorf("one watchpoint, which needs no group: name what it is to be on together with, behind a comma")
	}
	f.s.groups = append(f.s.groups, items)
	return nil
}

// String is the default, which is none.
func (f *groupFlag) String() string { return "" }

// Get is for the library.
func (f *groupFlag) Get() any { return f }

// splitItems splits at commas. Those within brackets or quotes are part of an
// expression.
func splitItems(text string) (items []string, err error) {
	const open, shut = "([{", ")]}"
	var closers []byte // of what is open
	begin := 0
	item := func(end int) {
		s := strings.TrimSpace(text[begin:end])
		if s == "" && err == nil {
			err = errors.New("a list in which an expression is missing")
		}
		items = append(items, s)
	}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case strings.IndexByte("\"'`", c) >= 0:
			n := quoted(text[i:])
			if n < 0 {
				return nil, fmt.Errorf("without the end of %s", text[i:])
			}
			i += n - 1
		case strings.IndexByte(open, c) >= 0:
			closers = append(closers, shut[strings.IndexByte(open, c)])
		case strings.IndexByte(shut, c) >= 0:
			if len(closers) == 0 || closers[len(closers)-1] != c {
				return nil, fmt.Errorf("with a %c too many", c)
			}
			closers = closers[:len(closers)-1]
		case c == ',' && len(closers) == 0:
			item(i)
			begin = i + 1
		}
	}
	if len(closers) > 0 {
		return nil, fmt.Errorf("without a %c", closers[len(closers)-1])
	}
	item(len(text))
	return items, err
}

// quoted is the length of the Go string or rune that text begins with, -1 if it has no
// end.
func quoted(text string) int {
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == text[0]:
			return i + 1
		case text[i] == '\\' && text[0] != '`':
			i++
		}
	}
	return -1
}

// gather finds the watchpoints of the groups among those of -w and -rw. What they lack is
// a write watchpoint of its own.
func (o *options) gather() error {
	for i, items := range o.groups {
		for _, expr := range items {
			named := func(w watchArg) bool { return w.expr == expr }
			free := func(w watchArg) bool { return named(w) && w.group == 0 }
			n := slices.IndexFunc(o.watches, free)
			switch {
			case n >= 0:
			case slices.ContainsFunc(o.watches, named):
				return usage("--group: %s is named twice: a watchpoint is in one group, once", expr)
			default:
				n = len(o.watches)
				o.watches = append(o.watches, watchArg{expr: expr, access: backend.Write})
			}
			o.watches[n].group = i + 1
		}
	}
	return nil
}

// backend are the options of the session.
func (o *options) backend() backend.Options {
	return backend.Options{AnyGoVersion: o.anyGoVersion, Driver: o.driver, Safe: backend.Safety(o.safe), Slice: o.slice, AllowStepping: o.steps}
}

// threadOf is the id of the thread that is watched, 0 for all.
func (s *sharing) threadOf(pid int) (int, error) {
	switch s.thread {
	case "":
		return 0, nil
	case mainThread:
		return pid, nil
	}
	tid, err := strconv.Atoi(s.thread)
	if err != nil || tid <= 0 {
		return 0, usage("--thread: %q is neither the id of a thread nor %s", s.thread, mainThread)
	}
	return tid, nil
}

// explain says what the flags can do about an error of the session.
func (o *options) explain(err error) error {
	var full *backend.SlotsError
	var thread *backend.ThreadError
	var driver *backend.DriverError
	var guard *backend.GuardError
	var whole *backend.ObjectError
	switch {
	case errors.As(err, &whole):
		return err
	case errors.As(err, &guard) && errors.As(guard.Slots, &full):
		err := fmt.Errorf("%s; its page cannot be guarded instead: %w", slotsText(full), guard.Guard)
		if !o.steps && o.safe != "on" {
			err = fmt.Errorf("%w; or single-step the program, which makes it a thousand times slower, with --allow-stepping", err)
		}
		return err
	case errors.As(err, &full):
		return fmt.Errorf("%s", slotsText(full))
	case errors.As(err, &thread):
		return fmt.Errorf("--thread: %w; ls /proc/PID/task lists those it has", err)
	case errors.As(err, &driver) && o.safe == "on":
		return fmt.Errorf("--safe on: %w", driver.Err)
	}
	return err
}

func slotsText(e *backend.SlotsError) string {
	text := fmt.Sprintf("%s needs %s and ", e.Name, plural(uint64(e.Want), "debug register"))
	switch {
	case e.Want > e.Slots && strings.HasPrefix(e.Name, "group "):
		return fmt.Sprintf("%sthere are %d: make the group smaller, it can never be on as a whole", text, e.Slots)
	case e.Want > e.Slots:
		return fmt.Sprintf("%sthere are %d: watch a part of it", text, e.Slots)
	}
	are, held := "are", ""
	if e.Free == 1 {
		are = "is"
	}
	if len(e.Holders) > 0 {
		held = " (held by " + strings.Join(e.Holders, ", ") + ")"
	}
	return fmt.Sprintf("%s%d of %d %s free%s: watch less, or let watchpoints take turns with --mode sampled", text, e.Free, e.Slots, are, held)
}
