// Package value says what the bytes of a watched variable mean: whether its
// type can be watched at all, and how its value reads in Go.
//
// The types are those of Delve's DWARF reader (pkg/dwarf/godwarf), the bytes
// are what was read from the target, least significant byte first: both
// architectures are little-endian. Nothing is read behind the variable but the
// one word that tells a func value's name, through an [Env].
//
// The package keeps no state and touches no operating system. Every function
// may be called from any goroutine; [AppendFormat] is meant for the tracer's
// own, where each hit passes, and does not allocate for scalars.
package value
