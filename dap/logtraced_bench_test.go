package dap

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-dap"
)

const timing = `package main

import (
	"fmt"
	"time"
)

var n int

func main() {
	began := time.Now()
	for range 4000 {
		n++
	}
	fmt.Println("took", time.Since(began).Nanoseconds())
}
`

// BenchmarkLogLine has a program write a variable 4,000 times, whose data breakpoint logs each
// write: without stopping, by stopping, and by stopping with a variable that is evaluated there;
// in turns, so that what else the machine does hits them alike. It reports medians of ns for each
// line, as the program has waited for them (-ns) and until the client has been told of its end,
// with all lines (-all-ns).
func BenchmarkLogLine(b *testing.B) {
	const writes, turns = 4000, 5
	ways := []struct {
		name, message string
		cfg           Config
	}{
		{name: "trace", message: "n is {new}"},
		{name: "stop", message: "n is {new}", cfg: Config{stopsToLog: true}},
		{name: "stop-evaluated", message: "n is {main.n}", cfg: Config{stopsToLog: true}},
	}
	exe := program(b, timing)
	own, all := make([][]float64, len(ways)), make([][]float64, len(ways))
	for range b.N * turns {
		for i, w := range ways {
			ed := newEditorWith(b, w.cfg)
			ed.launch(exe, with{"stopOnEntry": true})
			ed.configured()
			ed.stopped()
			set := ed.watchLogged(logged{dap.DataBreakpoint{DataId: packageVar("main.n"), AccessType: "write"}, w.message})
			if got := traced(b, set[0].Message); got != (i == 0) {
				b.Fatalf("%+v", set)
			}
			began := time.Now()
			ed.resume("continue", 1)
			took := 0
			fmt.Sscanf(ed.output("stdout", "took "), "took %d", &took)
			ed.ended()
			all[i] = append(all[i], float64(time.Since(began).Nanoseconds())/writes)
			own[i] = append(own[i], float64(took)/writes)
			lines := ed.outputsAll()
			if n := len(slices.DeleteFunc(slices.Clone(lines), func(s string) bool { return !strings.HasPrefix(s, "> ") })); uint64(n)+lostOf(lines) != writes {
				b.Errorf("%d lines by %s", n, w.name)
			}
			ed.disconnect()
			ed.leave()
		}
	}
	b.ReportMetric(0, "ns/op") // it would be that of a whole comparison
	for i, w := range ways {
		slices.Sort(own[i])
		slices.Sort(all[i])
		b.ReportMetric(own[i][len(own[i])/2], w.name+"-ns")
		b.ReportMetric(all[i][len(all[i])/2], w.name+"-all-ns")
		b.Logf("%-15s %.0f to %.0f ns", w.name, own[i][0], own[i][len(own[i])-1])
	}
}
