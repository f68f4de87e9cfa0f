// Package goroutine reads goroutines straight from the target's runtime.
//
// A [Reader] says which goroutine runs on a thread: two reads of memory and no more,
// because it is asked at every hit. It also reads all goroutines at once, thousands of
// them with a few system calls ([Reader.All]).
//
// A [Walker] finds where in its own code a goroutine is, below the frames of the runtime
// that parked it. In compiled Go a frame's size depends on the program counter alone, and
// thousands of goroutines are parked at the same few places. How large the frames are the
// program's own tables tell ([Code]). Where they do not, the walker asks an unwinder that
// knows the debug information once for every such place, keeps what it has learned only
// if that leads to the unwinder's own answer, and walks by itself from then on. What it
// cannot learn, as where the runtime changes stacks, it asks for again every time.
//
// Where the fields are comes from the target's own debug information, not from
// knowledge of Go versions. A Reader has no state beyond that and may be used
// from any goroutine; a Walker is for one goroutine at a time.
package goroutine
