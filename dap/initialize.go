package dap

import (
	"fmt"

	"github.com/google/go-dap"
)

// Names of the exception filters, Delve's.
const (
	filterPanic = "unrecovered-panic"
	filterFatal = "runtime-fatal-throw"
)

// initializeArguments are go-dap's, of which some count as true when they are missing.
type initializeArguments struct {
	dap.InitializeRequestArguments
	LinesStartAt1   *bool `json:"linesStartAt1"`
	ColumnsStartAt1 *bool `json:"columnsStartAt1"`
}

func onInitialize(s *session, r *request, args *initializeArguments) (any, error) {
	isFalse := func(b *bool) bool { return b != nil && !*b }
	var why string
	switch {
	case args.PathFormat != "" && args.PathFormat != "path":
		why = fmt.Sprintf("Unsupported 'pathFormat' value '%s'.", args.PathFormat)
	case isFalse(args.LinesStartAt1):
		why = "Only 1-based line numbers are supported."
	case isFalse(args.ColumnsStartAt1):
		why = "Only 1-based column numbers are supported."
	}
	if why != "" {
		return nil, failSilently(idInitialize, "Failed to initialize", fmt.Errorf("%s", why))
	}
	s.client = client{
		variableType:  args.SupportsVariableType,
		runInTerminal: args.SupportsRunInTerminalRequest,
		invalidated:   args.SupportsInvalidatedEvent,
		progress:      args.SupportsProgressReporting,
		memoryEvent:   args.SupportsMemoryEvent,
		paging:        args.SupportsVariablePaging,
	}
	s.client.startDebugging = args.SupportsStartDebuggingRequest
	s.log.Info("client", "id", args.ClientID, "name", args.ClientName)
	s.state = stateReady
	return abilities(), nil
}

// abilities are what the adapter can do with any program. supportTerminateDebuggee comes
// with attach: what is launched always ends with the session.
func abilities() *capabilities {
	return &capabilities{
		Capabilities: dap.Capabilities{
			SupportsConfigurationDoneRequest:  true,
			SupportsFunctionBreakpoints:       true,
			SupportsConditionalBreakpoints:    true,
			SupportsHitConditionalBreakpoints: true,
			SupportsLogPoints:                 true,
			SupportsInstructionBreakpoints:    true,
			SupportsDataBreakpoints:           true,
			SupportsExceptionInfoRequest:      true,
			ExceptionBreakpointFilters: []dap.ExceptionBreakpointsFilter{
				{Filter: filterPanic, Label: "Unrecovered Panics", Default: true},
				{Filter: filterFatal, Label: "Fatal Throws", Default: true},
			},
			SupportsBreakpointLocationsRequest: true,

			SupportsSteppingGranularity:  true,
			SupportsStepInTargetsRequest: true,
			SupportsRestartRequest:       true,
			SupportsTerminateRequest:     true,
			SupportsCancelRequest:        true,

			SupportsDelayedStackTraceLoading: true,
			SupportsEvaluateForHovers:        true,
			SupportsClipboardContext:         true,
			SupportsSetVariable:              true,
			SupportsSetExpression:            true,
			SupportsCompletionsRequest:       true,
			CompletionTriggerCharacters:      []string{"."},
			SupportsModulesRequest:           true,
			SupportsLoadedSourcesRequest:     true,
			SupportsDisassembleRequest:       true,
			SupportsReadMemoryRequest:        true,
			SupportsWriteMemoryRequest:       true,
			SupportsValueFormattingOptions:   true,
		},
		SupportsDataBreakpointBytes: true,
	}
}
