package goroutine

import "strings"

// Kind is what a frame means for whoever looks for a goroutine's own code.
type Kind uint8

// Kinds.
const (
	Special Kind = iota // the way on is not in the stack alone: another stack, a signal, C
	Passing             // of the runtime and its like: look further out
	Own                 // the goroutine's own code
	Bottom              // the end of the stack
)

// special are functions that change stacks or end a stack that was changed.
var special = map[string]bool{
	"runtime.asmcgocall": true, "runtime.cgocallback": true, "runtime.cgocallback_gofunc": true, "crosscall2": true,
	"runtime.mcall": true, "runtime.mstart": true, "runtime.mstart0": true, "runtime.mstart1": true,
	"runtime.systemstack": true, "runtime.systemstack_switch": true,
	"runtime.newstack": true, "runtime.morestack": true, "runtime.morestack_noctxt": true,
	"runtime.sigpanic": true, "runtime.sigreturn": true, "runtime.sigreturn__sigaction": true,
	"runtime.sigtramp": true, "runtime.sigtrampgo": true,
}

// KindOf tells by a function's name. What counts as a goroutine's own code is what
// Delve takes for it: not the runtime but for its exported functions, not the standard
// library's internals, not package iter.
func KindOf(function string) Kind {
	switch {
	case !strings.Contains(function, "."), special[function]: // no dot: C, or unknown
		return Special
	case function == "runtime.goexit", function == "runtime.rt0_go":
		return Bottom
	case strings.HasPrefix(function, "internal/"), strings.HasPrefix(function, "runtime/internal"), strings.HasPrefix(function, "iter."):
		return Passing
	}
	if name, ok := strings.CutPrefix(function, "runtime."); ok && (name == "" || name[0] < 'A' || name[0] > 'Z') {
		return Passing
	}
	return Own
}
