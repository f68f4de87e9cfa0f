package dap

// state is how far a session has come.
type state uint8

const (
	stateNew      state = 1 << iota // before initialize
	stateReady                      // initialized; there is no program
	stateStarting                   // the program is being built, started, or attached to
	stateStopped
	stateRunning
	stateNoDebug // the program runs, and is not debugged
	stateOver    // the program has ended, or is let go
)

const (
	anyState  = stateNew | stateReady | stateStarting | stateStopped | stateRunning | stateNoDebug | stateOver
	hasTarget = stateStopped | stateRunning
	known     = anyState &^ stateNew
)

// wrong says why a request is out of place in a state.
func (st state) wrong() string {
	switch st {
	case stateNew:
		return "initialize has to come first"
	case stateReady:
		return "there is no program yet: launch or attach"
	case stateStarting:
		return "the program is still being started"
	case stateStopped:
		return "the program is stopped"
	case stateRunning:
		return "the program is running: pause it first"
	case stateNoDebug:
		return "the program is not debugged"
	}
	return "the program has ended"
}
