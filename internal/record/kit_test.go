package record

import (
	"encoding/binary"
	"errors"
	"fmt"
	"testing"

	"github.com/argusdbg/argus/hwbp"
	"github.com/argusdbg/argus/internal/bpfhit"
	"github.com/argusdbg/argus/internal/perf"
	"github.com/argusdbg/argus/internal/testkit"
	"github.com/argusdbg/argus/ptrace"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// eachMethod runs a test with each. One that the machine does not permit is skipped; where
// it should work the test fails.
func eachMethod(t *testing.T, fn func(t *testing.T, m Method)) {
	for _, m := range []Method{BPF, Samples} {
		t.Run(string(m), func(t *testing.T) {
			testkit.Watchdog(t)
			fn(t, m)
		})
	}
}

// target is a C program: its threads store when it is told to.
type target struct {
	t       testing.TB
	g       *ptrace.Tracees
	p       *ptrace.Process
	symbols map[string]uint64
	unknown int // debug exceptions without a cause
}

// launch runs a program to its function "ready".
func launch(t testing.TB, args ...string) *target {
	t.Helper()
	path := testkit.C(t, "record", targetSource, "-O1", "-no-pie", "-static", "-fno-omit-frame-pointer", "-fcf-protection=none", "-pthread")
	x := &target{t: t, g: ptrace.NewTracees(ptrace.NewTracer()), symbols: symbolsOf(t, path)}
	t.Cleanup(x.end)
	x.do(func() (err error) {
		x.p, err = x.g.Launch(ptrace.LaunchConfig{Path: path, Args: append([]string{path}, args...), Dir: "/"})
		return err
	})
	x.runTo("ready")
	return x
}

func (x *target) end() {
	x.do(func() (err error) {
		for err == nil && len(x.g.Processes()) > 0 {
			err = x.g.Kill(x.g.Processes()[0])
		}
		return err
	})
	x.g.Tracer().Close()
}

func (x *target) do(fn func() error) {
	x.t.Helper()
	var err error
	if e := x.g.Tracer().Do(func() { err = fn() }); e != nil || err != nil {
		x.t.Fatal(errors.Join(e, err))
	}
}

// runTo lets the target run to a function, and stops all of it there.
func (x *target) runTo(function string) {
	x.t.Helper()
	addr := x.symbols[function]
	if addr == 0 {
		x.t.Fatalf("the target has no %s", function)
	}
	x.do(func() error {
		if err := x.p.InsertBreakpoint(addr); err != nil {
			return err
		}
		if err := x.g.ResumeAll(); err != nil {
			return err
		}
		for {
			ev, err := x.g.Wait()
			if err != nil {
				return err
			}
			switch ev.Kind {
			case ptrace.Breakpoint:
				if err := x.g.StopAll(); err != nil {
					return err
				}
				at, _, err := ev.Thread.RanBreakpoint()
				if err == nil {
					err = ev.Thread.SetPC(at)
				}
				return errors.Join(err, x.p.RemoveBreakpoint(addr))
			case ptrace.Trapped:
				x.unknown++
			case ptrace.ProcessGone:
				return fmt.Errorf("the target ended: %v", ev.Status)
			}
			if ev.Thread != nil {
				if err := x.g.Resume(ev.Thread); err != nil {
					return err
				}
			}
		}
	})
}

// read is what is at an address.
func (x *target) read(addr uint64, n int) []byte {
	x.t.Helper()
	b := make([]byte, n)
	x.do(func() error { _, err := x.p.Memory.ReadMemory(b, addr); return err })
	return b
}

func (x *target) word(symbol string) uint64 {
	return binary.NativeEndian.Uint64(x.read(x.symbols[symbol], 8))
}

// record opens a recorder on n bytes of a variable.
func (x *target) record(m Method, symbol string, n int, c Config) *Recorder {
	x.t.Helper()
	c.Addr = x.symbols[symbol]
	c.Value = x.read(c.Addr, n)
	for _, th := range x.p.Threads() {
		c.Threads = append(c.Threads, th.TID)
	}
	var err error
	if c.Points, err = hwbp.Cover(ptrace.Limits(), c.Addr, uint64(n), hwbp.Write); err != nil {
		x.t.Fatal(err)
	}
	r, err := Open(c, m)
	var denied *bpfhit.PermissionError
	var forbidden *perf.PermissionError
	if errors.As(err, &denied) || errors.As(err, &forbidden) || m == BPF && !bpfhit.Supported {
		x.t.Skip(err)
	}
	if err != nil {
		x.t.Fatal(err)
	}
	x.t.Cleanup(func() {
		if err := r.Close(); err != nil {
			x.t.Error(err)
		}
	})
	return r
}

// all stops a recorder and takes everything that is left.
func all(t testing.TB, r *Recorder) (list []Record) {
	t.Helper()
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	for {
		var rec Record
		if !r.Next(&rec) {
			return list
		}
		list = append(list, rec)
	}
}

func word(b []byte) uint64 { return binary.NativeEndian.Uint64(b) }
