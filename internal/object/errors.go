package object

import "fmt"

// LimitError says that an object is larger than [Options] allow.
type LimitError struct {
	Path  string // the part that was one too many
	What  string // "bytes" or "ranges"
	Need  int64  // how many it would be with this part
	Limit int64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("with %s it would be %d %s to watch, and %d are allowed: watch a part of it (a field, an element, an entry of the map), follow fewer pointers, or raise the limit",
		e.Path, e.Need, e.What, e.Limit)
}

// LayoutError says that the program's runtime keeps maps, channels or interfaces in a way
// that is not known here.
type LayoutError struct {
	What   string // "maps", "channels" or "interfaces"
	Detail string // what was looked for
	Advice string
}

func (e *LayoutError) Error() string {
	return fmt.Sprintf("the program's Go runtime keeps its %s in a way that is not known here (%s): %s", e.What, e.Detail, e.Advice)
}

// ReadError says that a part of an object cannot be read.
type ReadError struct {
	Path string
	Addr uint64
	Size int64
	Err  error
}

func (e *ReadError) Error() string {
	return fmt.Sprintf("%s: %d bytes at %#x cannot be read, so the variable that leads there may not be set yet: %v", e.Path, e.Size, e.Addr, e.Err)
}

func (e *ReadError) Unwrap() error { return e.Err }

// HeaderError says that the words of a string, slice, interface, map or channel cannot
// be those of one: the variable is not set yet, or was read while it was being written.
type HeaderError struct {
	Path   string
	Detail string
}

func (e *HeaderError) Error() string {
	return fmt.Sprintf("%s is not what its type says (%s): it is not set yet, or is being written; let the program go on to the next statement", e.Path, e.Detail)
}

// BusyError says that the program is in the middle of an operation on a map, during
// which nobody can say what is in it.
type BusyError struct{ Path string }

func (e *BusyError) Error() string {
	return e.Path + " is being written to at this moment: let the program go on to the next statement"
}
