// Conformance is the target of the conformance suite (docs/conformance.md): each scenario
// makes a known number of accesses to memory that is watched, in one way that debuggers
// have got wrong. Its arguments are scenarios, with a count each and what else they take,
// and "--" between them. It stops for its debugger before and after each.
package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
)

// area is what most scenarios write to. What is watched lies in its middle.
var area [128]uint64

// word is the index in area of the eight bytes that scenarios aim at.
const word = 64

// What other scenarios write.
var (
	pair struct{ A, B int64 }
	page *uint64 // in memory that the scenario has mapped itself
	ptr  *int64
)

// args are those of the scenario that runs: its name, the count, others.
var args []string

var scenarios = map[string]func(n int){}

func init() {
	runtime.LockOSThread() // main stays on the leading thread
}

func main() {
	if len(os.Args) < 2 { // what execSelf becomes
		return
	}
	for all := os.Args[1:]; len(all) > 0; {
		end := slices.Index(append(all, "--"), "--")
		args = all[:end]
		all = all[min(end+1, len(all)):]
		run := scenarios[args[0]]
		if run == nil {
			fmt.Fprintln(os.Stderr, "no scenario", args[0])
			os.Exit(64)
		}
		clear(area[:])
		pause()
		run(argument(1))
		pause()
	}
	if len(os.Args) == 0 { // so that the linker keeps what is not written
		fmt.Println(pair, ptr)
	}
}

// pause stops the program. It is no breakpoint of the debugger's, which could need a debug
// register.
func pause() { runtime.Breakpoint() }

// argument is the i-th of args, a number, 0 if it is not there.
func argument(i int) int {
	if i >= len(args) {
		return 0
	}
	v, err := strconv.Atoi(args[i])
	check(err)
	return v
}

// offset is how many bytes behind the word an instruction's operand lies.
func offset() int { return argument(2) }

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(65)
	}
}
