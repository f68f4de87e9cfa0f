// Package object makes out what belongs to a variable as Go sees it: not only its own
// bytes but those of its strings, the arrays of its slices, its maps and channels, and
// what its interfaces hold. It says which memory is to be watched for that, and after a
// write which parts have changed, by path: main.order.Lines[3].Price: 10 -> 12.
//
// # How it is used
//
//	o, err := object.Resolve("main.order", typ, addr, env, object.Options{})
//	watch(o.Ranges())
//	// when something wrote to one of them, and the statement is over:
//	u := o.Changed(object.Range{Addr: 0xc000012340, Size: 8})
//	watch(u.Add)
//	unwatch(u.Remove)
//	for _, c := range u.Changes { ... }
//
// [Object.Changed] reads what was written and compares it with what was there. It never
// walks through the whole object: a store of eight bytes into a struct of 64 KiB costs
// eight bytes' work, whichever field it was. If a word was written that leads elsewhere,
// what it leads to is made out anew, and the ranges to watch change. A write that the
// caller does not tell of is not seen, until somebody tells of one to the same place. What
// several operations did between two calls is told as what they come to. A write of the
// same value is no change; [Object.Path] names the place.
//
// A variable on a stack that the runtime has moved is followed by [Object.MoveTo]. One that
// is not used any more keeps nothing alive: [Object.Freed] lets go of what is freed then.
//
// Words are not followed while they are being written. The compiler writes the pointer
// and the length of a slice one after the other, and m["k"] = v is a dozen stores in the
// runtime. A [Coalescer] puts the stores of one assignment together, and says when
// Changed may be called: once, with all their ranges, when the goroutine has left the
// statement. Until then what the words lead to now is not watched; what is written there
// in the same statement is seen when it is over. Whoever wants to see single stores
// asks [Object.Raw], which shows words as numbers. Where an operation can be seen to be
// under way by the object itself (a map's flag, a channel's lock) Changed does not look,
// sets Busy, and wants to be called again. The flag of a map is watched until it is taken
// down: what the runtime writes up to then can be in memory that is not watched yet.
//
// # What is watched
//
//   - Numbers, bools, func values, unsafe.Pointers: their bytes. Structs and arrays of
//     any size: one range, in which padding does not count.
//   - A string: its two words and its bytes. Those are marked as Text: only unsafe code
//     could write there.
//   - A slice: its three words and the array up to its length. What is between length
//     and capacity does not belong to the value: another slice may write there, and an
//     append within the capacity writes the length as well, by which it is seen.
//   - A map (Go 1.24 and later): where its tables are, and all groups of slots with their
//     control words. Not its counters, and not its tables, which never change in what
//     matters here. Of a single entry, see [ResolveEntry]: the element and the control
//     byte of its slot; the key's place is known by these. While it is not there: the
//     map's count.
//   - An interface: its two words and what it holds, if that is not in the data word.
//   - A channel: its counts and its buffer. A value that a sender hands to a receiver
//     that already waits goes through neither and is not seen; so of an unbuffered
//     channel only its closing is.
//   - A pointer: the word. With [Options].Follow also what it points to, which is made
//     out anew when the pointer is written; without, a write there is not seen.
//
// Memory that is reached in several ways is there once, by the shortest path, and a
// structure that leads back to itself ends there.
//
// # What is known of the runtime
//
// Types are those of Delve's DWARF reader, each the same pointer wherever it is met, as
// that reader's cache has it. The descriptors of [Env].TypeAt are found in a program's
// debug information by the attribute DW_AT_go_runtime_type. The fields of maps, channels, interfaces and
// type descriptors are looked up by name in the debug information of the program, and a
// runtime that has others is refused with a [LayoutError]. By number are known: the bit
// that marks a free slot, the bit for values in an interface's data word, and the bit of
// a held lock, each with its source where it is written down.
//
// The package touches no operating system. Memory is read through [Env], and must not
// change during a call: the threads that could write to it are stopped. An [Object] and
// a [Coalescer] are for one goroutine at a time; nothing is shared between two of them.
package object
