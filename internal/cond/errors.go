package cond

import "fmt"

// NotCompilable is an expression that is left to Delve's evaluator.
type NotCompilable struct {
	Expr string
	Why  string // about a part of it
}

func (e *NotCompilable) Error() string { return fmt.Sprintf("%s: %s", e.Expr, e.Why) }

// Fault is why a program could not decide. Delve's evaluator either fails too or knows
// better.
type Fault uint8

// Faults.
const (
	FaultNil       Fault = iota + 1 // a nil pointer on the way
	FaultBounds                     // an index out of range
	FaultRead                       // memory that cannot be read
	FaultDivide                     // a division by zero
	FaultRange                      // a number that Delve does not treat as the processor does
	FaultFloat                      // infinity, not a number, or a result that has to be rounded
	FaultText                       // a string of an impossible length
	FaultGoroutine                  // no goroutine is there
	FaultValue                      // the value before or after is not known
)

var faults = [...]string{
	FaultNil: "nil pointer", FaultBounds: "index out of range", FaultRead: "memory cannot be read", FaultDivide: "division by zero",
	FaultRange: "number out of range", FaultFloat: "floating-point number that is no number or would have to be rounded",
	FaultText: "string too long", FaultGoroutine: "no goroutine on the thread", FaultValue: "value not known",
}

func (f Fault) Error() string {
	if int(f) < len(faults) && faults[f] != "" {
		return faults[f]
	}
	return fmt.Sprintf("fault %d", uint8(f))
}
