// Package goroutine reads which goroutine runs on a thread, straight from the
// target's runtime.g: two reads of memory and no more, because it is asked at
// every hit.
//
// Where the fields are comes from the target's own debug information, not from
// knowledge of Go versions. A [Reader] has no state beyond that and may be used
// from any goroutine.
package goroutine
