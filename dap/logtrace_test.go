package dap

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-dap"

	"github.com/argusdbg/argus/internal/testkit"
)

const (
	withoutStop = "logs without stopping"
	stopsFor    = "; stops for each line, because "
)

// program builds a program of one file.
func program(t testing.TB, main string) string {
	t.Helper()
	sc := &scene{TB: t, archive: &archive{files: map[string]string{"main.go": main}}, names: bindings{}}
	sc.build()
	if t.Failed() {
		t.FailNow()
	}
	return sc.names["program"].(string)
}

// kindsOf writes variables of all kinds that a debug register holds, in goroutines that take
// turns.
const kindsOf = `package main

import (
	"fmt"
	"sync"
	"time"
)

type color int

type pair struct {
	A int32
	B bool
	C uint8
}

var (
	i8      int8
	u64     uint64
	f32     float32
	f64     float64
	hue     color
	pause   time.Duration
	yes     bool
	letter  byte
	pointer *int
	three   [3]int16
	both    pair
	sign    rune
	up      uintptr
	mixed   complex64
	wide    [2]int64
)

func write(i int) {
	i8, u64, f32, f64 = int8(-20*i), uint64(i)<<60, float32(i)/3, -float64(i)/7
	hue, pause, yes, letter = color(i), time.Duration(i)*time.Millisecond, i%2 == 0, 'a'+byte(i)
	pointer = new(int)
	three[i%3]++
	both.A++
	both.B = !both.B
	both = pair{A: int32(i)}
	sign, up, mixed = 'ä'+rune(i), uintptr(i)<<40, complex(float32(i), 1)
	wide = [2]int64{int64(i), int64(-i)}
}

func main() {
	var wg sync.WaitGroup
	for i := range 7 {
		wg.Add(1)
		go func() { defer wg.Done(); write(i) }()
		wg.Wait()
	}
	fmt.Println(i8, u64, f32, f64, hue, pause, yes, letter, pointer != nil, three, both, sign, up, mixed, wide)
}
`

// logOf runs a program with data breakpoints that log, and returns what they say of
// themselves and the lines, with their places.
func logOf(t *testing.T, cfg Config, program string, points []logged) (messages, lines []string, lost bool) {
	t.Helper()
	ed := newEditorWith(t, cfg)
	ed.launch(program, with{"stopOnEntry": true})
	ed.configured()
	ed.stopped()
	for _, b := range ed.watchLogged(points...) {
		if !b.Verified {
			t.Fatalf("%+v", b)
		}
		messages = append(messages, b.Message)
	}
	ed.resume("continue", 1)
	ed.ended()
	for _, m := range ed.came("output") {
		body := bodyOf[dap.OutputEventBody](ed, m)
		lost = lost || strings.Contains(body.Output, "left no line")
		if !strings.HasPrefix(body.Output, "> ") {
			continue
		}
		if body.Source == nil {
			t.Fatalf("%+v", body)
		}
		lines = append(lines, fmt.Sprintf("%s %s %s:%d %s", body.Category, body.Source.Name, body.Source.Path, body.Line, body.Output))
	}
	if len(ed.came("stopped")) > 0 {
		t.Error("it stopped")
	}
	ed.disconnect()
	return messages, lines, lost
}

func packageVar(name string) string { return (&dataID{Expr: name, Package: true}).String() }

// traced reports whether a data breakpoint logs without stopping, where that is permitted.
func traced(t testing.TB, message string) bool {
	t.Helper()
	if strings.Contains(message, "BPF") {
		t.Skip(message)
	}
	return strings.HasPrefix(message, withoutStop)
}

// TestLogBothWays: the lines of a data breakpoint that does not stop are those of one that
// does: the same text, place and order.
func TestLogBothWays(t *testing.T) {
	exe := program(t, kindsOf)
	point := func(name, message, cond, hit string) logged {
		return logged{dap.DataBreakpoint{DataId: packageVar("main." + name), AccessType: "write", Condition: cond, HitCondition: hit}, message}
	}
	for name, points := range map[string][]logged{
		"integers": {point("i8", "{old} to {new}, which is {main.i8}", "", ""), point("u64", "{new}", "", ""), point("up", "{new}", "", ""), point("sign", "{new}, {main.sign} by {runtime.curg.goid}", "", "")},
		"floats":   {point("f32", "{old} {new}", "", ""), point("f64", "{old} {new}", "", ""), point("mixed", "{new}", "", "")},
		"named":    {point("hue", "{new}", "", ""), point("pause", "{new}", "", ""), point("yes", "{main.yes}, not {old}", "", ""), point("letter", "{old} {new}", "", "")},
		"others":   {point("three", "{old} to {new}", "", ""), point("both", "{new}", "", "")}, "wide": {point("three", "{old} to {new}", "", ""), point("wide", "only text", "", "")},
		"conditions": {point("i8", "{new}", "new < -40 && main.u64 != 0", ""), point("u64", "{new}", "", "% 3"), point("f64", "{new}", "", ">= 4"),
			point("hue", "{new}", "runtime.curg.goid != 1 && old >= 2", "2")},
		"doubtful": {point("i8", "{new}", "main.three[-main.i8/20] != 77", "")},
		"counts":   {point("i8", "{new}", "", "3"), point("u64", "{new}", "", "!= 2"), point("hue", "{new}", "", "< 4"), point("letter", "{new}", "new > 'a'", "<= 2")},
	} {
		t.Run(name, func(t *testing.T) {
			onDrivers(t, func(t *testing.T, cfg Config) {
				ways, lines, lost := logOf(t, cfg, exe, points)
				cfg.stopsToLog = true
				otherWays, otherLines, _ := logOf(t, cfg, exe, points)
				for i := range ways {
					if !traced(t, ways[i]) || !strings.HasSuffix(otherWays[i], stopsFor+"it was asked for") {
						t.Errorf("%d: %s, and %s", i, ways[i], otherWays[i])
					}
				}
				if lost {
					t.Skip("the kernel has lost a record")
				}
				id := regexp.MustCompile(`\[Go \d+\]|by \d+ = 0x[0-9a-f]+`) // of goroutines, of which the runtime starts some, too
				got, want := id.ReplaceAllString(strings.Join(lines, ""), "[Go]"), id.ReplaceAllString(strings.Join(otherLines, ""), "[Go]")
				if got != want || len(lines) == 0 {
					t.Errorf("without stops\n%s\nwith stops\n%s", strings.Join(lines, ""), strings.Join(otherLines, ""))
				}
			})
		})
	}
}

// TestLogOfCalls: what the kernel writes for a system call has its line, as by a stop of the perf
// driver, at the call.
func TestLogOfCalls(t *testing.T) {
	const calls = 20
	testkit.Thrice(t, func() error {
		without, with := logOfCalls(t, Config{}, calls), logOfCalls(t, Config{stopsToLog: true}, calls)
		got, want := strings.Join(without, ""), strings.Join(with, "")
		switch {
		case len(without) < calls || len(with) < calls:
			return fmt.Errorf("%d and %d lines for %d calls", len(without), len(with), calls)
		case got != want:
			t.Errorf("without stops\n%s\nwith stops\n%s", got, want)
		}
		return nil
	})
}

func logOfCalls(t *testing.T, cfg Config, calls int) (lines []string) {
	t.Helper()
	cfg.Options.Driver = "perf"
	ed := scenarioEditor(t, cfg, "syscall", fmt.Sprint(calls))
	set := ed.watchLogged(logged{dap.DataBreakpoint{DataId: packageVar("main.buffer[0]"), AccessType: "write"}, "{old} to {new} in {runtime.curg.goid}"})
	if traced(t, set[0].Message) == cfg.stopsToLog {
		t.Fatalf("%+v", set)
	}
	ed.resume("continue", 1)
	ed.ended()
	for _, m := range ed.came("output") {
		if body := bodyOf[dap.OutputEventBody](ed, m); strings.HasPrefix(body.Output, "> ") {
			lines = append(lines, fmt.Sprintf("%s:%d %s", body.Source.Name, body.Line, body.Output))
		}
	}
	ed.disconnect()
	return lines
}
