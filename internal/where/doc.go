// Package where says in which line of which function an address of the program
// is, inlined functions included, and remembers it: the lines of hits are few
// and their number is large.
//
// A [Lines] belongs to one goroutine at a time.
package where
