// Package gobuild turns what a user names, a package or a binary, into an
// executable that can be debugged.
//
// [Resolve] takes an existing ELF file as it is. Anything else goes to the go
// command: "go list" first, which tells a command from a library, then "go
// build" with -gcflags 'all=-N -l', so that variables stay in memory and
// functions keep their frames. The result, and every temporary file of the
// build, lies in one temporary directory, which [Program.Remove] deletes; an
// error or the end of the context deletes it before Resolve returns. The go
// command runs in a process group of its own, all of which the end of the
// context kills: compilers and linkers do not outlive it.
//
// [Check] reads what a binary says about itself.
//
// The package keeps no state. Its functions block for as long as a build takes
// and may be called from any goroutine.
package gobuild
