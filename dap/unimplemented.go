package dap

import "fmt"

// Requests that the protocol has and we have not, with the reason.
var refused = map[string]string{
	"reverseContinue":  "programs cannot be run backwards: that needs a recording (rr), which Argus does not read",
	"stepBack":         "programs cannot be run backwards: that needs a recording (rr), which Argus does not read",
	"restartFrame":     "a Go function cannot be begun again: its frame may have moved or escaped",
	"goto":             "a Go program cannot be made to go on elsewhere soundly: its collector trusts the code to have run in order",
	"gotoTargets":      "a Go program cannot be made to go on elsewhere soundly: its collector trusts the code to have run in order",
	"terminateThreads": "goroutines cannot be ended from outside",
	"startDebugging":   "it is a request to editors, not of them",
	"runInTerminal":    "it is a request to editors, not of them",
	"locations":        "no variable comes with a reference to a place",
}

func unimplemented(command string) error {
	reason, ok := refused[command]
	if !ok {
		reason = "no such request is known"
	}
	return &failure{id: idUnsupported, summary: fmt.Sprintf("unsupported command %s", command), err: fmt.Errorf("%s", reason), silent: true}
}
