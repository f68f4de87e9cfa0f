package glue

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/bpfhit"
	"github.com/argusdbg/argus/internal/gprobe"
)

// TestSwitchPlaces: the ways in are known, whoever reads the code does not see what is
// there, and nothing is left behind.
func TestSwitchPlaces(t *testing.T) {
	for _, way := range []string{SwitchesByHook, SwitchesByProbe} {
		t.Run(way, func(t *testing.T) {
			grp := launch(t, "fields", "20")
			p := grp.Selected.Process.(*Process)
			places, err := p.switchPlaces()
			if err != nil {
				t.Fatal(err)
			}
			kinds := map[switchPlace]int{}
			code := make([][16]byte, len(places))
			for i, at := range places {
				if _, err := p.held.Memory.ReadMemory(code[i][:], at.addr); err != nil {
					t.Fatal(err)
				}
				at.addr = 0
				kinds[at]++
			}
			if kinds[switchPlace{call: true}] < 1 || kinds[switchPlace{ends: true}] != 1 {
				t.Errorf("%+v", places)
			}
			told := 0
			tell := func(*Thread, uint64) *proc.Breakpoint { told++; return nil }
			s, err := p.FollowSwitches(way, SwitchObserver{Comes: tell, Ends: tell, Running: func(*Thread) uint64 { return 0 }})
			var denied *bpfhit.PermissionError
			if errors.As(err, &denied) || way == SwitchesByProbe && gprobe.Supported() != nil {
				t.Skip(err)
			}
			if err != nil || s.Way() != way {
				t.Fatal(err)
			}
			if _, err := p.FollowSwitches(way, SwitchObserver{}); err == nil {
				t.Error("they were followed twice")
			}
			// look compares what is at the places with what was there.
			look := func(asked bool) {
				t.Helper()
				for i, at := range places {
					var raw, seen, program [16]byte
					_, err := p.held.Memory.ReadMemory(raw[:], at.addr)
					_, err1 := p.Memory().ReadMemory(seen[:], at.addr)
					_, err2 := p.ReadProgram(program[:], at.addr)
					if err := errors.Join(err, err1, err2); err != nil {
						t.Fatal(err)
					}
					if placed := raw != code[i]; placed != (asked || at.ends) || seen != code[i] || program != code[i] {
						t.Errorf("%#x: %x in memory, %x and %x are seen, want %x", at.addr, raw, seen, program, code[i])
					}
				}
			}
			look(false)
			if err := errors.Join(s.Await(8), s.Await(16), s.Await(8), s.Want(8), s.Want(8), s.Stays(8, nil), s.Stays(9, nil), s.gone(1)); err != nil {
				t.Error(err)
			}
			look(true)
			s.Unwant(8)
			look(true)
			s.Unwant(8)
			s.Unwant(8)
			look(false)
			if err := s.Want(8); err != nil {
				t.Error(err)
			}
			look(true)
			s.Unawait(8)
			s.Unawait(8)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			for i, at := range places {
				var raw [16]byte
				if _, err := p.held.Memory.ReadMemory(raw[:], at.addr); err != nil || raw != code[i] {
					t.Errorf("%#x: %x is left, was %x; %v", at.addr, raw, code[i], err)
				}
			}
			toExit(t, grp)
			if told != 0 {
				t.Errorf("told of %d switches that nobody asked for", told)
			}
		})
	}
}

// TestUnknownRuntime: a runtime that is not as it is known is an error that says so.
func TestUnknownRuntime(t *testing.T) {
	grp := launch(t, "fields", "20")
	p := grp.Selected.Process.(*Process)
	if calls := p.callsIn(bytes.Repeat([]byte{0x90}, 64), 0x1000, "runtime.gogo"); len(calls) != 0 {
		t.Errorf("%#x", calls)
	}
	fns, err := p.bi.FindFunction("runtime.execute")
	if err != nil {
		t.Fatal(err)
	}
	fns[0].End = fns[0].Entry + 16 // its call is not to be found
	var unknown *SwitchError
	if _, err := p.switchPlaces(); !errors.As(err, &unknown) || unknown.Function != "runtime.execute" || !strings.Contains(err.Error(), "not known") {
		t.Error(err)
	}
}
