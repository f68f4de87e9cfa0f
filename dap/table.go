package dap

// entry is a request that there is a handler for.
type entry struct {
	do    handler
	in    state // states in which it is in place
	quiet bool  // out of place, it is not shown to the user: editors ask for it at any time
}

// handlers are all requests that are handled.
var handlers map[string]entry

func init() { // in init, since handlers lead back to the table
	handlers = map[string]entry{
		// lifecycle: initialize.go, launch.go, attach.go, configure.go, disconnect.go, restart.go, cancel.go
		"initialize":        {do: on(onInitialize), in: stateNew},
		"launch":            {do: plain(onLaunch), in: anyState},
		"attach":            {do: plain(onAttach), in: anyState},
		"configurationDone": {do: plain(onConfigurationDone), in: hasTarget | stateOver},
		"disconnect":        {do: on(onDisconnect), in: anyState},
		"terminate":         {do: on(onTerminate), in: known},
		"restart":           {do: plain(onRestart), in: hasTarget | stateOver | stateNoDebug},
		"cancel":            {do: on(onCancel), in: anyState, quiet: true},

		// what stops the program: breakpoints.go, databreakpoints.go, exceptions.go
		"setBreakpoints":            {do: on(onSetBreakpoints), in: hasTarget | stateOver},
		"setFunctionBreakpoints":    {do: on(onSetFunctionBreakpoints), in: hasTarget | stateOver},
		"setInstructionBreakpoints": {do: on(onSetInstructionBreakpoints), in: hasTarget | stateOver},
		"setExceptionBreakpoints":   {do: on(onSetExceptionBreakpoints), in: hasTarget | stateOver},
		"breakpointLocations":       {do: on(onBreakpointLocations), in: hasTarget, quiet: true},
		"dataBreakpointInfo":        {do: on(onDataBreakpointInfo), in: hasTarget, quiet: true},
		"setDataBreakpoints":        {do: on(onSetDataBreakpoints), in: hasTarget | stateOver},
		"exceptionInfo":             {do: on(onExceptionInfo), in: stateStopped},

		// what lets it run: running.go, stepping.go
		"continue":      {do: on(onContinue), in: stateStopped},
		"next":          {do: on(onNext), in: stateStopped},
		"stepIn":        {do: on(onStepIn), in: stateStopped},
		"stepOut":       {do: on(onStepOut), in: stateStopped},
		"stepInTargets": {do: on(onStepInTargets), in: stateStopped, quiet: true},
		"pause":         {do: on(onPause), in: hasTarget | stateOver},

		// what it looks like: one file each
		"threads":       {do: on(onThreads), in: hasTarget | stateOver, quiet: true},
		"stackTrace":    {do: on(onStackTrace), in: stateStopped, quiet: true},
		"scopes":        {do: on(onScopes), in: stateStopped, quiet: true},
		"variables":     {do: on(onVariables), in: stateStopped, quiet: true},
		"setVariable":   {do: on(onSetVariable), in: stateStopped},
		"setExpression": {do: on(onSetExpression), in: stateStopped},
		"evaluate":      {do: on(onEvaluate), in: hasTarget, quiet: true},
		"completions":   {do: on(onCompletions), in: stateStopped, quiet: true},
		"source":        {do: on(onSource), in: known},
		"loadedSources": {do: plain(onLoadedSources), in: hasTarget},
		"modules":       {do: on(onModules), in: hasTarget},
		"disassemble":   {do: on(onDisassemble), in: stateStopped},
		"readMemory":    {do: on(onReadMemory), in: hasTarget},
		"writeMemory":   {do: on(onWriteMemory), in: hasTarget},
	}
}
