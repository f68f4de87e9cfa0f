// Package watch is the table of the watchpoints of one process: which of them
// holds which slots, and which of them a hit belongs to.
//
// A watchpoint is here an [Entry]: points that are wanted together, on every
// thread of the process alike. Several watchpoints may want the same point (two
// users watch one address); it then takes one slot. Entries go into slots whole
// or not at all, and stay in them until they are removed: the table is for
// watchpoints that are pinned. The registers themselves are the caller's.
//
// The package is pure. A Table is not safe for concurrent use.
package watch
