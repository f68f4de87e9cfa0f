package object

import (
	"fmt"
	"strings"
)

// Kind is what happened to a part of an object.
type Kind uint8

// The kinds of changes.
const (
	Set      Kind = iota // another value
	Moved                // the same value in other memory
	Append               // a slice got longer, and kept what it had
	Shorten              // a slice ends earlier
	Reslice              // a slice is another part of its array
	Added                // an entry of a map
	Deleted              // an entry of a map
	Cleared              // all entries of a map
	Grew                 // a map got more room; its entries are elsewhere
	Sent                 // a value into a channel's buffer
	Received             // a value out of a channel's buffer
	Closed               // a channel
)

var kinds = [...]string{"set", "moved", "append", "shorten", "reslice", "added", "deleted", "cleared", "grew", "sent", "received", "closed"}

// String is a word for it.
func (k Kind) String() string { return kinds[k] }

// Change is one change of one part of an object.
type Change struct {
	Kind Kind
	Path string // of the part; of the slice, map or channel for what is done to one as a whole
	// Old and New are values as text. Old is "" where there was none (Append, Added,
	// Sent), New where there is none (Deleted, Received). New of Append is
	// "[3] = 7, [4] = 8".
	Old, New string
	// OldLen and NewLen are those of the slice, map or channel; for Grew, how many
	// entries there is room for. For Set they are 0.
	OldLen, NewLen int64
	Elsewhere      bool // Append: into new memory
}

// String is the change in one line: "main.order.Lines[3].Price: 10 -> 12".
func (c Change) String() string { return c.Path + ": " + c.What() }

// What is String without the path.
func (c Change) What() string {
	lens := fmt.Sprintf("len %d -> %d", c.OldLen, c.NewLen)
	var what string
	switch c.Kind {
	case Set:
		what = c.Old + " -> " + c.New
	case Moved:
		what = c.New + ", moved to other memory"
	case Append:
		what = "append: " + lens
		if c.New != "" {
			what += ", " + c.New
		}
		if c.Elsewhere {
			what += ", moved to other memory"
		}
	case Shorten:
		what = lens
	case Reslice:
		what = lens + ", now " + c.New
	case Added:
		what = strings.TrimSpace("added " + c.New)
	case Deleted:
		what = "deleted"
		if c.Old != "" {
			what += ", was " + c.Old
		}
	case Cleared:
		what = "cleared: " + lens
	case Grew:
		what = fmt.Sprintf("grew: room for %d -> %d", c.OldLen, c.NewLen)
	case Sent:
		what = "sent " + c.New + ": " + lens
	case Received:
		what = "received " + c.Old + ": " + lens
	case Closed:
		what = "closed"
	}
	return what
}

// MaxChanges is how many changes an [Update] lists; what is beyond is counted.
const MaxChanges = 64

// Update is what [Object.Changed] found.
type Update struct {
	Changes []Change // in the order of the object's parts; none if the same values were written
	More    int      // how many changes more there were
	// Add and Remove are the ranges to watch from now on, and no longer. Add comes first,
	// so that nothing is missed; the same memory may be in both in other pieces.
	Add, Remove []Range
	// Busy is set if a part of the object was in the middle of an operation. What
	// changed there is found by the next call, which needs no ranges.
	Busy bool
	// Err says why parts of the object cannot be watched at the moment. They are taken
	// up again when what leads to them is written.
	Err error
}

// report lists a change.
func (u *Update) report(c Change) {
	if len(u.Changes) >= MaxChanges {
		u.More++
		return
	}
	u.Changes = append(u.Changes, c)
}

// full reports whether a change would only be counted, so that its text is not needed.
func (u *Update) full() bool { return len(u.Changes) >= MaxChanges }
