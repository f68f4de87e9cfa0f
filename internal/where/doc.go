// Package where says in which line of which function an address of the program
// is, inlined functions included, and remembers it: the lines of hits are few
// and their number is large.
//
// Two sources tell. Debug information knows the most, and is decoded from the beginning of
// a package for each function that is asked for anew: milliseconds. The table that the
// linker makes for the runtime's own tracebacks (functable.go) is read from the program's
// memory where it is needed, microseconds, and knows how large each function's frame is.
// They name the same lines, but for functions that the compiler made (initializers,
// wrappers): the table has the lines that these were made of, debug information none.
//
// A [Lines] belongs to one goroutine at a time.
package where
