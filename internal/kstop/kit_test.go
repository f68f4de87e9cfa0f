package kstop

import (
	"errors"
	"fmt"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/hwbp"
	"github.com/argusdbg/argus/internal/bpfhit"
	"github.com/argusdbg/argus/internal/perf"
	"github.com/argusdbg/argus/internal/testkit"
	"github.com/argusdbg/argus/ptrace"
)

// need skips a test where programs are not permitted. Where they should work it fails.
func need(t testing.TB) {
	t.Helper()
	testkit.Watchdog(t)
	err := Probe()
	var denied *PermissionError
	if errors.As(err, &denied) || !bpfhit.Supported {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func mustLoad(t testing.TB, ringSize uint32) *Program {
	t.Helper()
	p, err := load(ringSize)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func store(addr uint64) hwbp.Point { return hwbp.Point{Addr: addr, Len: 8, Access: hwbp.Write} }

// openOn opens an event with the program on a thread.
func openOn(tid int, p hwbp.Point, prog *Program, o perf.Options) (*perf.Event, error) {
	o.Disabled = true
	e, err := perf.Open(tid, p, o)
	if err != nil {
		return nil, err
	}
	if err = e.SetBPF(prog.FD()); err == nil {
		err = e.Enable()
	}
	if err != nil {
		_ = e.Close()
		return nil, err
	}
	return e, nil
}

func watch(t testing.TB, tid int, p hwbp.Point, prog *Program, o perf.Options) *perf.Event {
	t.Helper()
	e, err := openOn(tid, p, prog, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// hits attaches to a program, has it run to its answer, and calls hit at every stop by a
// signal of the program's. It returns that answer, and how many hits were lost to ptrace.TrapUnknown.
func hits(t testing.TB, p *program, attached func(*ptrace.Process) error, hit func(th *ptrace.Thread, pc uint64, info *ptrace.Siginfo) error) (answer []uint64, unknown int) {
	t.Helper()
	g := ptrace.NewTracees(ptrace.NewTracer())
	g.Safe = true
	defer g.Tracer().Close()
	answered := make(chan error, 1)
	var err error
	doErr := g.Tracer().Do(func() {
		var proc *ptrace.Process
		if proc, err = g.Attach(p.pid()); err != nil {
			return
		}
		if err = attached(proc); err != nil {
			return
		}
		if err = g.ResumeAll(); err != nil {
			return
		}
		go func() {
			var err error
			answer, err = p.tryAsk()
			_ = g.Nudge()
			answered <- err
		}()
		unknown, err = pump(g, hit)
		if e := g.StopAll(); err == nil {
			err = e
		}
		if e := g.Detach(proc); err == nil {
			err = e
		}
	})
	if err := errors.Join(err, doErr); err != nil {
		t.Fatal(err)
	}
	if err := <-answered; err != nil {
		t.Fatal(err)
	}
	return answer, unknown
}

// pump handles events until somebody nudges.
func pump(g *ptrace.Tracees, hit func(th *ptrace.Thread, pc uint64, info *ptrace.Siginfo) error) (unknown int, err error) {
	for {
		ev, err := g.Wait()
		if err != nil {
			return unknown, err
		}
		switch ev.Kind {
		case ptrace.Trapped:
			if ev.Info.Signo == int32(unix.SIGTRAP) && ev.Info.Code == ptrace.TrapUnknown {
				unknown++ // the kernel ran no program
				break
			}
			if !ev.Info.FromProgram() {
				return unknown, fmt.Errorf("a stop by %+v", ev.Info)
			}
			r, err := ev.Thread.Registers()
			if err != nil {
				return unknown, err
			}
			if err := hit(ev.Thread, r.PC(), &ev.Info); err != nil {
				return unknown, err
			}
		case ptrace.Born, ptrace.Leaving, ptrace.ThreadGone:
		case ptrace.Nudged:
			return unknown, nil
		default:
			return unknown, fmt.Errorf("event %v", ev.Kind)
		}
		if ev.Thread != nil {
			if err := g.Resume(ev.Thread); err != nil {
				return unknown, err
			}
		}
	}
}
