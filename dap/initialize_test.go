package dap

import (
	"strings"
	"testing"
)

func TestInitialize(t *testing.T) {
	ed := newEditor(t)
	c := ed.initialize()
	for what, has := range map[string]bool{
		"configurationDone": c.SupportsConfigurationDoneRequest, "conditions": c.SupportsConditionalBreakpoints,
		"hit conditions": c.SupportsHitConditionalBreakpoints, "log points": c.SupportsLogPoints, "functions": c.SupportsFunctionBreakpoints,
		"instructions": c.SupportsInstructionBreakpoints, "data": c.SupportsDataBreakpoints, "bytes": c.SupportsDataBreakpointBytes,
		"exceptionInfo": c.SupportsExceptionInfoRequest, "setVariable": c.SupportsSetVariable, "hovers": c.SupportsEvaluateForHovers,
		"clipboard": c.SupportsClipboardContext, "delayed": c.SupportsDelayedStackTraceLoading, "granularity": c.SupportsSteppingGranularity,
		"disassemble": c.SupportsDisassembleRequest, "read": c.SupportsReadMemoryRequest, "write": c.SupportsWriteMemoryRequest,
		"restart": c.SupportsRestartRequest, "terminate": c.SupportsTerminateRequest, "cancel": c.SupportsCancelRequest,
		"completions": c.SupportsCompletionsRequest, "locations": c.SupportsBreakpointLocationsRequest, "modules": c.SupportsModulesRequest,
		"sources": c.SupportsLoadedSourcesRequest, "setExpression": c.SupportsSetExpression, "stepInTargets": c.SupportsStepInTargetsRequest,
	} {
		if !has {
			t.Errorf("%s: no", what)
		}
	}
	for what, has := range map[string]bool{
		"step back": c.SupportsStepBack, "goto": c.SupportsGotoTargetsRequest, "restart frame": c.SupportsRestartFrame,
		"terminate debuggee": c.SupportTerminateDebuggee, // not before attach
	} {
		if has {
			t.Errorf("%s: yes", what)
		}
	}
	filters := c.ExceptionBreakpointFilters
	if len(filters) != 2 || filters[0].Filter != "unrecovered-panic" || filters[1].Filter != "runtime-fatal-throw" || !filters[0].Default || !filters[1].Default {
		t.Errorf("%+v", filters)
	}
	if e := fails(ed, "initialize", with{}); !strings.Contains(e.Format, "unable to process initialize") {
		t.Errorf("a second: %+v", e)
	}
	ed.disconnect()
}

// What is not said is what the protocol says it is.
func TestInitializeWithoutWords(t *testing.T) {
	ed := newEditor(t)
	ask[capabilities](ed, "initialize", nil)
	ed.disconnect()
}

func TestBadInitialize(t *testing.T) {
	for want, args := range map[string]with{
		"Failed to initialize: Unsupported 'pathFormat' value 'uri'.":           {"pathFormat": "uri"},
		"Failed to initialize: Only 1-based line numbers are supported.":        {"linesStartAt1": false},
		"Failed to initialize: Only 1-based column numbers are supported.":      {"columnsStartAt1": false},
		"the arguments of initialize cannot be read: json: cannot unmarshal st": {"linesStartAt1": "yes"},
	} {
		ed := newEditor(t)
		if e := fails(ed, "initialize", args); !strings.HasPrefix(e.Format, want) {
			t.Errorf("%v: %s", args, e.Format)
		}
		ed.disconnect()
	}
}
