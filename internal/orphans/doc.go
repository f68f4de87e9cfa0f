// Package orphans ends every process that what this one has started leaves behind.
//
// Adopt makes this process the parent of such processes (prctl(2),
// PR_SET_CHILD_SUBREAPER), so that End finds them among its children and ends each by
// its id. Both are for programs that own all of their children, which libraries do not.
// Any goroutine may call them; nobody else may wait for a child meanwhile that End is
// not told to keep.
package orphans
