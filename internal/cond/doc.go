// Package cond compiles conditions: a Go expression becomes a small program over the
// registers and the memory of a stopped thread.
//
// # Mechanism
//
// [Compile] looks at an expression once, at one place in the code: what its names denote
// there and of which types they are is asked of Delve, whose rules also decide what may be
// compared with what. A local variable is found by its DWARF location: at an offset from
// the frame, where the frame is a distance from the stack pointer that depends on the
// program counter alone in Go's code; in registers; or behind a pointer, if it has
// escaped. The result is a [Program] for a stack machine without loops: jumps lead
// forwards only. What it reads of the frame and of the program's own variables it reads
// in as few calls as possible, and only what it comes to.
//
// What cannot be compiled gives a [*NotCompilable] with the reason, and goes to Delve's
// evaluator. A program that cannot decide (a nil pointer, an index out of range, memory
// that cannot be read, arithmetic that Delve does otherwise than a processor) ends with a
// [Fault]: Delve decides then, and says in its own words what is wrong. A program never
// answers otherwise than Delve would.
//
// [Condition] keeps the programs of one expression, one for each place that it was
// evaluated at. The first time at a place both evaluate it, and a program that disagrees
// is thrown away.
//
// Names that only a watchpoint's condition has are old and new: the value before and
// after the access, unless the program has a variable of that name there.
//
// [Program.BPF] makes a program that is about no local variables a part of a BPF program,
// which the kernel runs at an access without stopping the thread: it answers as the Program
// does, and has no answer where that ends with a Fault.
//
// # Who may call
//
// A Program has its own room to work in, so that evaluating allocates nothing: it is for
// one goroutine at a time, and so is a Condition. Compile is for whoever may use Delve's
// types.
package cond
