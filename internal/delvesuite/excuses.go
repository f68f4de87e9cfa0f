package main

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Why a test of Delve's DAP server is not run on Argus's.
const (
	needsDebugger = "it puts a debugger of Delve's into the server"
	needsServer   = "it looks into Delve's server, or replaces a part of it"
)

// unsuited are the tests that are not run on Argus's server: they would never end, or leave
// a mess behind, or look at what only Delve's has.
var unsuited = map[string]string{
	"TestAttachRemoteToDlvLaunchHaltedStopOnEntry":   needsDebugger,
	"TestAttachRemoteToDlvAttachHaltedStopOnEntry":   needsDebugger,
	"TestAttachRemoteToHaltedTargetContinueOnEntry":  needsDebugger,
	"TestAttachRemoteToRunningTargetStopOnEntry":     needsDebugger,
	"TestAttachRemoteToRunningTargetContinueOnEntry": needsDebugger,
	"TestAttachRemoteMultiClientDisconnect":          needsDebugger,
	"TestLaunchAttachErrorWhenDebugInProgress":       needsDebugger,
	"TestBreakpointAfterDisconnect":                  needsDebugger,
	"TestHaltPreventsAutoResume":                     needsServer,
	"TestSelectedThreadsRequest":                     needsServer + ": it lowers the cap of threads, and Argus has none",
	"TestVariablesLoading":                           needsServer + ": it lowers what is loaded of a value",
	"TestBadlyFormattedMessageToServer":              "after a message that is none Argus goes on, and the test waits for the connection to end",
	"TestNextWhileNexting":                           "a step that another goroutine's breakpoint has interrupted is over, and the test waits for the next one to be refused",
	"TestAttachWithFollowExec":                       "Argus follows what an attached program starts; the test wants to hear that this cannot be, and its program starts ten million others",
}

// excuse says at which lines of Delve's server_test.go a test may fail, and why what Argus
// does there is meant. All else that the test expects has to be.
type excuse struct {
	why   string
	lines []int
}

var excuses = map[string]excuse{
	"TestVariablesMetadata":         {"text made of bytes of a named type is shown as that too: Go converts it", []int{2794, 2798}},
	"TestGlobalScopeAndVariables":   {"evaluateName of a package variable can be evaluated whatever the package's path is", []int{2862, 2869}},
	"TestShadowedVariables":         {"evaluateName of a shadowed variable denotes that, and not the one that shadows it", []int{3026}},
	"TestSetFunctionBreakpoints":    {"two breakpoints can be at one place: each is judged by itself", []int{3581}},
	"TestHitConditionBreakpoints":   {"what has ended is not continued once more, as the test does at its end", []int{5904}},
	"TestEvaluateRequest":           {"of a name that is unknown it is said that there is no such variable, and what may have been meant", []int{4376, 4381, 4386, 4391, 4396}},
	"TestEvaluateCallRequest":       {"the reason of a stop at a hardcoded breakpoint is the protocol's word, in a call too", []int{4990}},
	"TestEvaluateCommandRequest":    {"the help is in other words, and what is not configured has the defaults of an editor, not 0", []int{4581, 4589, 4610}},
	"TestVariableValueTruncation":   {"Delve writes one comma more before what is left out of a map", []int{4849}},
	"TestRestartRequestRebuildFail": {"a restart is answered once, when the program has been built; if that fails the program before goes on", []int{6709}},
	"TestSetVariable":               {newValue, []int{6957, 7007, 7012, 7017}},
	"TestSetVariableWithCall":       {newValue, []int{7152}},
	"TestBadLaunchRequests":         {"a backend that there is none of, and mode replay, are refused for that, before all else", []int{7272, 7354, 7357, 7362}},
	"TestBadAttachRequest":          {"the message says which backend there is", []int{7465}},
}

const newValue = "the response has the new value as the program has it, and not as it was written"

// takenOut are lines of Delve's server_test.go that wait for what Argus means not to do: the
// test could not go on. Each has the word given.
var takenOut = map[int]string{
	6134: "RestartRequest", // a program that is not debugged is restarted too
	6135: "ExpectUnsupportedCommandErrorResponse",
	7155: "callpanic",                     // what panics in a call is told by the response, without a stop
	7271: "ExpectOutputEvent(t) // build", // the backend is refused before the program is built
}

// takeOut empties those lines of Delve's test, and fails if it is another test.
func takeOut(src []byte) ([]byte, error) {
	lines := bytes.SplitAfter(src, []byte("\n"))
	for n, word := range takenOut {
		if n > len(lines) || !bytes.Contains(lines[n-1], []byte(word)) {
			return nil, fmt.Errorf("line %d of Delve's test is another: look at excuses.go", n)
		}
		lines[n-1] = []byte("\n")
	}
	return bytes.Join(lines, nil), nil
}

var failedAt = regexp.MustCompile(`\bserver_test\.go:(\d+): `)

// excuse says why a test's failure does not count, "" if it does. A test and its subtests
// are one.
func (s suiteResult) excuse(t testResult) string {
	if s.Backend != backendServer {
		return ""
	}
	name, _, _ := strings.Cut(t.Name, "/")
	e, ok := excuses[name]
	if !ok {
		return ""
	}
	met := false
	for _, other := range s.Tests {
		if parent, _, _ := strings.Cut(other.Name, "/"); parent != name || other.Outcome != failed {
			continue
		}
		if other.Note != "" { // it did not end
			return ""
		}
		for _, at := range failedAt.FindAllStringSubmatch(other.Output, -1) {
			if line, err := strconv.Atoi(at[1]); err != nil || !slices.Contains(e.lines, line) {
				return ""
			}
			met = true
		}
	}
	if !met {
		return ""
	}
	return e.why
}

// leaveOut are the results of tests that are not run on a backend.
func leaveOut(backend string, names []string) (list []testResult) {
	if backend != backendServer {
		return nil
	}
	for _, name := range names {
		if why := unsuited[name]; why != "" {
			list = append(list, testResult{Name: name, Outcome: skipped, Note: why})
		}
	}
	return list
}
