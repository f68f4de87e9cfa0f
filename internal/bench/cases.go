package main

import (
	"context"
	"fmt"
)

// tool is who is measured.
type tool string

// Tools.
const (
	argus       tool = "argus"
	argusKernel tool = "argus, in the kernel" // conditions are judged there
	delve       tool = "delve"                // pkg/proc, as a library
	gdb         tool = "gdb"
	floor       tool = "floor"  // wait4 and PTRACE_CONT, and nothing that is not needed
	kernel      tool = "kernel" // counts by itself, and stops nobody
	nobody      tool = "nobody" // the program alone
)

// tools are all of them, in the order in which they are shown.
var tools = []tool{argus, argusKernel, delve, gdb, floor, kernel, nobody}

// measure takes one measurement. It runs in a process of its own, on its main goroutine,
// which is locked to the leading thread; what it starts is killed after it.
type measure func(ctx context.Context, with *setting) (sample, error)

// sample is what one measurement gives.
type sample struct {
	Value float64 // in the case's unit; nanoseconds as they pass
	CPU   float64 // nanoseconds that processors spent on tool and program
	// Seen is how many hits the tool told of, of as many as there were; of none it is not
	// known. It can be more: a thread that a signal interrupts at a breakpoint comes to it
	// again, and the kernel and GDB count that.
	Seen, Of uint64
}

// cannotError says that a tool cannot do something, and why.
type cannotError struct{ reason string }

func (e *cannotError) Error() string { return "cannot: " + e.reason }

func cannot(format string, a ...any) error { return &cannotError{fmt.Sprintf(format, a...)} }

// unit is what a case's values are in. In all of them less is better.
type unit string

// Units.
const (
	nanoseconds unit = "ns"
	byteCount   unit = "bytes"
)

// benchmark is a case: something that debuggers do.
type benchmark struct {
	name  string
	title string // what one value is the price of
	unit  unit
	// any has tool and program run on any processor. They share one otherwise (FACTS C1),
	// and their processor time is compared.
	any bool
	run map[tool]measure
	// cannot is why others have no value. What is left out of both is not to be compared.
	cannot map[tool]string
	goals  []goal
}

// goal is a ratio of two tools' values that was set as a goal.
type goal struct {
	Of, To  tool
	AtMost  float64 `json:",omitempty"` // one of the two is 0
	AtLeast float64 `json:",omitempty"`
}

// cases are all of them, in the order in which they are measured and shown.
func cases() []benchmark {
	all := hitCases()
	all = append(all, guardCases()...)
	all = append(all, besideCases()...)
	return append(all, traceCase(), stepCase(), stepThreadsCase(), stepBusyCase(), lookCase(), goroutinesCase(), goroutinesNextCase(), attachCase(), startCase(), memoryCase())
}
