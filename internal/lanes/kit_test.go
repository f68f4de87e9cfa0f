package lanes

import (
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/argusdbg/argus/hwbp"
	"github.com/argusdbg/argus/internal/testkit"
	"github.com/argusdbg/argus/ptrace"
)

// target is a real process under a board, with an event loop as package glue has one.
type target struct {
	t       *testing.T
	g       *ptrace.Tracees
	p       *ptrace.Process
	b       *Board
	driver  Driver
	symbols map[string]uint64

	hit     func(th *ptrace.Thread, e *Entry, s Shot) // of each entry of each stop
	born    func(th *ptrace.Thread)                   // before the board hears of it
	missed  map[*Entry]uint64
	unknown int // stops without a cause

	list []*Entry
}

// eachDriver runs a test on each driver. One that the machine does not permit is skipped,
// with the reason.
func eachDriver(t *testing.T, fn func(t *testing.T, d Driver)) {
	for _, c := range []struct {
		name, want string
		safe       bool
	}{{DriverPerf, DriverPerf, false}, {DriverSafe, DriverPerf, true}, {DriverPtrace, DriverPtrace, false}} {
		t.Run(c.name, func(t *testing.T) {
			d, err := Choose(c.want, c.safe, c.safe)
			if err != nil {
				t.Skip(err)
			}
			t.Cleanup(func() {
				if err := d.Close(); err != nil {
					t.Error(err)
				}
			})
			fn(t, d)
		})
	}
}

// start launches the crowd and lets it run to its main function.
func start(t *testing.T, o Options, args ...string) *target {
	t.Helper()
	testkit.Watchdog(t)
	path := testkit.Target(t, "crowd", testkit.Optimized)
	x := &target{t: t, g: ptrace.NewTracees(ptrace.NewTracer()), driver: o.Driver, missed: map[*Entry]uint64{}}
	x.g.Safe = o.Driver.Safe()
	x.hit = func(*ptrace.Thread, *Entry, Shot) {}
	x.born = func(*ptrace.Thread) {}
	x.readSymbols(path)
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	t.Cleanup(x.end)
	x.do(func() (err error) {
		x.p, err = x.g.Launch(ptrace.LaunchConfig{Path: path, Args: append([]string{path}, args...), Dir: "/", Stdin: null, Stdout: null, Stderr: null,
			Env: []string{"GODEBUG=asyncpreemptoff=1"}})
		return err
	})
	x.b = New(x.g, x.p, o)
	if ev := x.runTo("main.main"); ev.Kind != ptrace.Breakpoint {
		t.Fatalf("on the way to main: %v", ev.Kind)
	}
	return x
}

func (x *target) end() {
	x.do(func() (err error) {
		if x.b != nil {
			err = x.b.Close()
		}
		for len(x.g.Processes()) > 0 && err == nil {
			err = x.g.Kill(x.g.Processes()[0])
		}
		return err
	})
	x.g.Tracer().Close()
}

func (x *target) readSymbols(path string) {
	x.t.Helper()
	f, err := elf.Open(path)
	if err != nil {
		x.t.Fatal(err)
	}
	defer f.Close()
	syms, err := f.Symbols()
	if err != nil {
		x.t.Fatal(err)
	}
	x.symbols = map[string]uint64{}
	for _, s := range syms {
		x.symbols[s.Name] = s.Value
	}
}

func (x *target) symbol(name string) uint64 {
	x.t.Helper()
	addr, ok := x.symbols[name]
	if !ok {
		x.t.Fatalf("the target has no %s", name)
	}
	return addr
}

// do runs fn on the tracer's thread.
func (x *target) do(fn func() error) {
	x.t.Helper()
	var err error
	if e := x.g.Tracer().Do(func() { err = fn() }); e != nil || err != nil {
		x.t.Fatal(errors.Join(e, err))
	}
}

// add sets a watchpoint on the 8 bytes at addr.
func (x *target) add(addr uint64, c Config) *Entry {
	x.t.Helper()
	e := &Entry{Name: fmt.Sprintf("%#x", addr), Points: []hwbp.Point{{Addr: addr, Len: 8, Access: hwbp.Write}}}
	c.Name, c.Entries = e.Name, []*Entry{e}
	x.do(func() error { return x.b.Add(c) })
	return e
}

// cells sets sampled watchpoints on the first n cells.
func (x *target) cells(n int) (list []*Entry) {
	for i := range n {
		e := x.add(x.cell(i), Config{})
		e.Owner = i
		list = append(list, e)
	}
	return list
}

func (x *target) cell(i int) uint64 { return x.symbol("main.cells") + 64*uint64(i) }

// read reads a variable of 8 bytes.
func (x *target) read(addr uint64) uint64 {
	var buf [8]byte
	if _, err := x.p.Memory.ReadMemory(buf[:], addr); err != nil {
		x.t.Error(err)
	}
	return binary.NativeEndian.Uint64(buf[:])
}

// runOn lets the target run until something is to be told, or to its end, and stops all
// of it there.
func (x *target) runOn() (last ptrace.Event) {
	x.t.Helper()
	x.do(func() (err error) {
		last, err = x.run()
		return err
	})
	return last
}

// runTo lets the target run to a function.
func (x *target) runTo(function string) ptrace.Event {
	x.t.Helper()
	addr := x.symbol(function)
	x.do(func() error { return x.p.InsertBreakpoint(addr) })
	last := x.runOn()
	if last.Kind == ptrace.Breakpoint {
		x.do(func() error { return x.p.RemoveBreakpoint(addr) })
	}
	return last
}

func (x *target) run() (last ptrace.Event, err error) {
	x.b.Resume()
	if err := x.g.ResumeAll(); err != nil {
		return last, err
	}
	for {
		ev, err := x.g.Wait()
		if err != nil {
			return ev, err
		}
		if done, err := x.handle(ev); err != nil || ev.Kind == ptrace.ProcessGone {
			return ev, err
		} else if done {
			return ev, x.stop()
		}
		if ev.Thread != nil {
			if err := x.g.Resume(ev.Thread); err != nil {
				return ev, err
			}
		}
	}
}

// stop stops everything and hears what threads met on their way.
func (x *target) stop() error {
	x.b.Pause()
	if err := x.g.StopAll(); err != nil {
		return err
	}
	for ev, ok := x.g.Queued(); ok; ev, ok = x.g.Queued() {
		if _, err := x.handle(ev); err != nil {
			return err
		}
	}
	if x.driver.Safe() {
		for _, th := range x.p.Threads() {
			x.fired(th, &ptrace.Siginfo{})
		}
	}
	return nil
}

func (x *target) handle(ev ptrace.Event) (done bool, err error) {
	switch ev.Kind {
	case ptrace.Born:
		x.born(ev.Thread)
		return false, x.b.Born(ev.Thread)
	case ptrace.Trapped:
		x.fired(ev.Thread, &ev.Info)
	case ptrace.Breakpoint:
		addr, _, err := ev.Thread.RanBreakpoint()
		if err != nil {
			return false, err
		}
		return true, ev.Thread.SetPC(addr)
	case ptrace.Nudged:
		if ev.Directed {
			return false, x.b.Turn(ev.Thread)
		}
		return true, nil
	case ptrace.Leaving:
		x.lost(x.b.Leaving(ev.Thread))
	case ptrace.ThreadGone:
		x.b.Gone(ev.Thread)
	case ptrace.ProcessGone:
		return true, x.b.Close()
	}
	return false, nil
}

func (x *target) fired(th *ptrace.Thread, info *ptrace.Siginfo) {
	got, sh, err := x.b.Fired(x.list[:0], th, info)
	if err != nil {
		return // being killed
	}
	x.list = got
	x.lost(sh.Missed)
	switch sh.Verdict {
	case Unknown:
		x.unknown++
	case Foreign:
		if info.Signo != 0 {
			th.Deliver(info)
		}
	case Ours:
		for _, e := range got {
			x.b.Hit(e, th)
			x.hit(th, e, sh)
		}
	}
}

func (x *target) lost(list []Missed) {
	for _, m := range list {
		x.missed[m.Entry] += m.N
	}
}

func (x *target) account(e *Entry) (a Account) {
	x.do(func() error { a = x.b.Account(e); return nil })
	return a
}
