package main

import "strings"

const (
	needsDebugger = "it puts a debugger of Delve's into the server"
	needsServer   = "it looks into Delve's server, or replaces a part of it"
	otherWords    = "the words differ, and nothing else"
)

// excuses are the tests of Delve's DAP server that cannot hold for another, or hold for
// what Argus does otherwise and means to, with the reason. Each is of a whole test.
var excuses = map[string]string{
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
	"TestEvaluateCommandRequest":                     otherWords + ", and Argus's defaults are those of an editor, not 0",
	"TestVariableValueTruncation":                    otherWords + ": Delve writes one comma more before what is left out of a map",
	"TestBadlyFormattedMessageToServer":              "after a message that is none Argus goes on",
	"TestNoDebug_AcceptNoRequestsButDisconnect":      otherWords,
	"TestRequestsBeforeLaunch":                       otherWords,
	"TestSetBreakpoint":                              otherWords,
	"TestBadAttachRequest":                           otherWords,
	"TestBadLaunchRequests":                          "a backend that there is none of is refused before the program is built",
	"TestRestartRequestRebuild":                      "a restart is answered when the program has been built, and its building told of before",
	"TestRestartRequestRebuildFail":                  "a restart is answered when the program has been built, and its building told of before",
	"TestShadowedVariables":                          "evaluateName of a shadowed variable denotes that, and not the one that shadows it",
	"TestGlobalScopeAndVariables":                    "evaluateName of a package variable can be evaluated whatever the package's path is",
	"TestSetVariable":                                "the response has the new value as the program has it, and not as it was written",
	"TestSetVariableWithCall":                        "the response has the new value as the program has it, and not as it was written",
	"TestNextWhileNexting":                           "a step that another goroutine's breakpoint has interrupted is over: the next one can begin",
}

// excuse says why a test's failure does not count, "" if it does.
func (s suiteResult) excuse(t testResult) string {
	if s.Backend != backendServer {
		return ""
	}
	name, _, _ := strings.Cut(t.Name, "/")
	return excuses[name]
}
