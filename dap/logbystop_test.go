package dap

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-dap"
)

// TestLogByStop: what a record cannot tell stops for each line, and the client is told why;
// what can be told after a change no longer does.
func TestLogByStop(t *testing.T) {
	onDrivers(t, func(t *testing.T, cfg Config) {
		ed := scenarioEditor(t, cfg, "twice", "3")
		log := func(b dap.DataBreakpoint, message, want string) {
			t.Helper()
			if b.DataId == "" {
				b.DataId = packageVar("main.x")
			}
			if b.AccessType == "" {
				b.AccessType = "write"
			}
			set := ed.watchLogged(logged{b, message})
			if ok := traced(t, set[0].Message); !set[0].Verified || ok != (want == withoutStop) || !strings.Contains(set[0].Message, want) {
				t.Errorf("%+v, and not %s", set, want)
			}
		}
		log(dap.DataBreakpoint{}, "{new}", withoutStop)
		log(dap.DataBreakpoint{}, "{new} in {i}", stopsFor+"{i} has to be evaluated at the write")
		log(dap.DataBreakpoint{}, "{new} of {main.x}", withoutStop)
		log(dap.DataBreakpoint{Condition: "i == 1"}, "{new}", "i in the condition")
		log(dap.DataBreakpoint{Condition: "main.x == 1"}, "{new}", withoutStop)
		ed.says("argus conditions", "main.x if main.x == 1", "by the kernel, and nobody is stopped for it")
		log(dap.DataBreakpoint{Condition: "main.x == 1", HitCondition: "> 2"}, "{new}", withoutStop)
		log(dap.DataBreakpoint{Condition: "i == 1", HitCondition: "> 2"}, "{new}", stopsFor)
		log(dap.DataBreakpoint{Condition: "main.x == 1", HitCondition: "> 2"}, "{new}", stopsFor+errCounting.Error())
		log(dap.DataBreakpoint{AccessType: "readWrite"}, "{new}", stopsFor+"reads leave no record")
		log(dap.DataBreakpoint{DataId: ed.dataID("main.name")}, "{new}", stopsFor+"main.name is watched as a whole")
		log(dap.DataBreakpoint{DataId: ed.dataID("*main.ptr")}, "{new}", "")
		log(dap.DataBreakpoint{DataId: ed.dataID("main.many")}, "{new}", stopsFor)
		sampled := (&dataID{Expr: "main.x", Package: true, Mode: "sampled"}).String()
		log(dap.DataBreakpoint{DataId: sampled}, "{new}", stopsFor+errTakesTurns.Error())
		ed.watch()
		ed.disconnect()
	})
}

// TestLogGivesWay: data breakpoints that take turns are not kept from it by one that logs: it
// stops from then on.
func TestLogGivesWay(t *testing.T) {
	onDrivers(t, func(t *testing.T, cfg Config) {
		ed := scenarioEditor(t, cfg, "fields", "5")
		log := logged{dap.DataBreakpoint{DataId: packageVar("main.pair.A"), AccessType: "write"}, "A is {new}"}
		if set := ed.watchLogged(log); !traced(t, set[0].Message) {
			t.Fatalf("%+v", set)
		}
		sampled := (&dataID{Expr: "main.quiet", Package: true, Mode: "sampled"}).String()
		set := ed.watchLogged(log, logged{dap.DataBreakpoint{DataId: sampled, AccessType: "write"}, ""})
		if !set[0].Verified || !set[1].Verified || !strings.Contains(set[0].Message, stopsFor+"others need") {
			t.Errorf("%+v", set)
		}
		ed.resume("continue", 1)
		ed.ended()
		if got := ed.logged(); strings.Join(got, "; ") != "A is 0; A is 1; A is 2; A is 3; A is 4" {
			t.Errorf("%q", got)
		}
		ed.disconnect()
	})
}

// TestLogMany: log points beyond the debug registers show every write nevertheless, and beside
// those that stop for it.
func TestLogMany(t *testing.T) {
	const n = 20
	onDrivers(t, func(t *testing.T, cfg Config) {
		ed := scenarioEditor(t, cfg, "fields", fmt.Sprint(n))
		var list []logged
		for _, name := range []string{"quiet", "ready", "fraction", "pair.A", "pair.B", "x"} {
			list = append(list, logged{dap.DataBreakpoint{DataId: packageVar("main." + name), AccessType: "write"}, name + " is {new}"})
		}
		set := ed.watchLogged(list...)
		if traced(t, set[5].Message) || !traced(t, set[0].Message) {
			t.Errorf("%+v", set)
		}
		for _, b := range set {
			if !b.Verified {
				t.Skipf("%+v", b) // without page guards
			}
		}
		ed.resume("continue", 1)
		ed.ended()
		var want []string
		for i := range n {
			want = append(want, fmt.Sprint("pair.A is ", i), fmt.Sprint("pair.B is ", i))
		}
		if got := ed.logged(); lostOf(ed.outputsAll()) == 0 && strings.Join(got, "; ") != strings.Join(want, "; ") {
			t.Errorf("%q", got)
		}
		ed.disconnect()
	})
}

// TestLogGivesRoom: without page guards all data breakpoints take turns when there are more than
// debug registers, those that have logged without stopping too.
func TestLogGivesRoom(t *testing.T) {
	onDrivers(t, func(t *testing.T, cfg Config) {
		cfg.Options.NoGuards = true
		ed := scenarioEditor(t, cfg, "fields", "5")
		var list []logged
		for _, name := range []string{"quiet", "ready", "fraction", "pair.A"} {
			list = append(list, logged{dap.DataBreakpoint{DataId: packageVar("main." + name), AccessType: "write"}, name + " is {new}"})
		}
		for _, b := range ed.watchLogged(list...) {
			if !traced(t, b.Message) {
				t.Fatalf("%+v", b)
			}
		}
		list = append(list, logged{dap.DataBreakpoint{DataId: packageVar("main.pair.B"), AccessType: "write"}, ""})
		for i, b := range ed.watchLogged(list...) {
			if !b.Verified || !strings.HasPrefix(b.Message, "mode sampled") || strings.Contains(b.Message, stopsFor+"others need") != (i < 4) {
				t.Errorf("%+v", b)
			}
		}
		ed.watch()
		ed.disconnect()
	})
}
