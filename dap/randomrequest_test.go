package dap

import (
	"encoding/base64"
	"slices"
)

// randomRequest makes up a request: mostly one that makes sense, about what is known. What
// would harm a program that has to run on is left out if gentle.
func randomRequest(c *chooser, k *knowledge, file string, gentle bool) (command string, args any) {
	commands := randomCommands
	if gentle {
		commands = gentleCommands
	}
	command = commands[c.upTo(len(commands))]
	if c.rarely(32) {
		return command, pick[any](c, "text", 7, []int{1}, nil, with{}, with{"threadId": "x", "frameId": []int{}, "breakpoints": 5})
	}
	return command, randomArguments[command](c, k, file)
}

type argumentsOf func(c *chooser, k *knowledge, file string) any

var gentleCommands, randomCommands = func() (gentle, all []string) {
	for name := range randomArguments {
		all = append(all, name)
	}
	// The program goes on more often than the map has it, so that much can happen.
	all = append(all, "continue", "continue", "pause", "next", "stackTrace", "scopes", "variables", "setDataBreakpoints")
	slices.Sort(all)
	for _, name := range all {
		switch name {
		case "terminate", "writeMemory", "setVariable", "setExpression":
		default:
			gentle = append(gentle, name)
		}
	}
	return gentle, all
}()

var (
	conditions    = []string{"", "", "", "x > 10", "main.x % 3 == 0", "true", "no such thing", "x +"}
	hitConditions = []string{"", "", "", "2", "> 3", "% 4", "often"}
	logMessages   = []string{"", "", "", "x is {x}", "{old} -> {new}", "{no such thing}", "{"}
	expressions   = []string{"x", "main.x", "pair", "pair.A", "buffer", "numbers", "table", "any1", "name", "n", "i", "big", "&pair", "*ptr",
		"no such thing", "1 + ", "len(name)", "call opaque()", "call deep(3)", "call no()", "argus watches", "argus watch x", "argus unwatch x", "argus who x",
		"argus help", "argus goroutines", "argus config -list", "dlv config showGlobalVariables true", "argus nonsense", "*(*int)(0x10)"}
	functions = []string{"main.opaque", "main.twice", "time.Sleep", "main.deep", "main.nobody", "runtime.mallocgc", "/opa.*/"}
)

// randomArguments are the requests that are made up, with what their arguments can be.
var randomArguments = map[string]argumentsOf{
	"setBreakpoints": func(c *chooser, k *knowledge, file string) any {
		list := []with{}
		for range c.upTo(4) {
			list = append(list, with{"line": c.upTo(255) + 60, "condition": pick(c, conditions...),
				"hitCondition": pick(c, hitConditions...), "logMessage": pick(c, logMessages...)})
		}
		return with{"source": with{"path": pick(c, file, file, file, "/nowhere.go", "")}, "breakpoints": list}
	},
	"setFunctionBreakpoints": func(c *chooser, k *knowledge, file string) any {
		list := []with{}
		for range c.upTo(3) {
			list = append(list, with{"name": pick(c, functions...), "condition": pick(c, conditions...), "hitCondition": pick(c, hitConditions...)})
		}
		return with{"breakpoints": list}
	},
	"setInstructionBreakpoints": func(c *chooser, k *knowledge, file string) any {
		list := []with{}
		for range c.upTo(3) {
			list = append(list, with{"instructionReference": c.text(k, "memoryReference", "0x10", "nothing")})
		}
		return with{"breakpoints": list}
	},
	"setExceptionBreakpoints": func(c *chooser, k *knowledge, file string) any {
		return with{"filters": pick(c, []string{}, []string{"unrecovered-panic"}, []string{"runtime-fatal-throw", "nonsense"})}
	},
	"dataBreakpointInfo": func(c *chooser, k *knowledge, file string) any {
		args := with{"name": c.text(k, "name", expressions...)}
		switch c.upTo(4) {
		case 1:
			args["variablesReference"] = c.number(k, "variablesReference")
		case 2:
			args["frameId"] = c.number(k, "frameId")
		case 3:
			args["name"], args["asAddress"], args["bytes"] = c.text(k, "memoryReference", "0x10"), true, pick(c, 1, 4, 8, 40, 1<<20, -1)
		}
		return args
	},
	"setDataBreakpoints": func(c *chooser, k *knowledge, file string) any {
		list := []with{}
		for range c.upTo(7) {
			list = append(list, with{"dataId": c.text(k, "dataId", `{"expr":"main.x","package":true}`, `{"expr":"main.quiet","package":true}`, "nonsense"),
				"accessType": pick(c, "write", "readWrite", "read", "", "nonsense"), "condition": pick(c, conditions...),
				"hitCondition": pick(c, hitConditions...), "logMessage": pick(c, logMessages...)})
		}
		return with{"breakpoints": list}
	},
	"continue":      onThread,
	"next":          onThread,
	"stepIn":        onThread,
	"stepOut":       onThread,
	"pause":         onThread,
	"exceptionInfo": onThread,
	"stepInTargets": onFrame,
	"scopes":        onFrame,
	"stackTrace": func(c *chooser, k *knowledge, file string) any {
		return with{"threadId": c.number(k, "threadId"), "startFrame": pick(c, 0, 0, 1, 30, -1), "levels": pick(c, 0, 1, 20, -5)}
	},
	"threads": func(c *chooser, k *knowledge, file string) any {
		return with{"startThread": pick(c, 0, 0, 2, 1000, -1), "levels": pick(c, 0, 0, 1, -1)}
	},
	"variables": func(c *chooser, k *knowledge, file string) any {
		return with{"variablesReference": c.number(k, "variablesReference"), "filter": pick(c, "", "", "indexed", "named", "odd"),
			"start": pick(c, 0, 0, 3, 1<<30, -1), "count": pick(c, 0, 0, 2, 1<<30, -1), "format": with{"hex": c.rarely(3)}}
	},
	"setVariable": func(c *chooser, k *knowledge, file string) any {
		return with{"variablesReference": c.number(k, "variablesReference"), "name": c.text(k, "name", "x"), "value": pick(c, "7", `"text"`, "x", "nil", "{}", "")}
	},
	"setExpression": func(c *chooser, k *knowledge, file string) any {
		return with{"expression": pick(c, expressions...), "frameId": c.number(k, "frameId"), "value": pick(c, "7", `"text"`, "nil", "")}
	},
	"evaluate": func(c *chooser, k *knowledge, file string) any {
		return with{"expression": pick(c, expressions...), "frameId": c.number(k, "frameId"), "context": pick(c, "repl", "watch", "hover", "clipboard", "variables", "odd")}
	},
	"completions": func(c *chooser, k *knowledge, file string) any {
		return with{"text": pick(c, "pa", "pair.", "", "argus w", "x + n"), "column": pick(c, 1, 3, 6, 0, 100, -1), "frameId": c.number(k, "frameId")}
	},
	"source": func(c *chooser, k *knowledge, file string) any {
		return with{"sourceReference": pick(c, 0, 1, -1), "source": with{"path": pick(c, file, "/nowhere.go")}}
	},
	"loadedSources": nothing,
	"modules": func(c *chooser, k *knowledge, file string) any {
		return with{"startModule": pick(c, 0, 1, -1), "moduleCount": pick(c, 0, 1, -1)}
	},
	"disassemble": func(c *chooser, k *knowledge, file string) any {
		return with{"memoryReference": c.text(k, "memoryReference", "0x10", "nothing"), "offset": pick(c, 0, 1, -40),
			"instructionOffset": pick(c, 0, -10, 50, -100000), "instructionCount": pick(c, 10, 1, 0, -1, 400), "resolveSymbols": true}
	},
	"readMemory": func(c *chooser, k *knowledge, file string) any {
		return with{"memoryReference": c.text(k, "memoryReference", "0x10", "nothing"), "offset": pick(c, 0, 8, -8, 1<<50), "count": pick(c, 8, 0, 70000, -1, 1<<50)}
	},
	"writeMemory": func(c *chooser, k *knowledge, file string) any {
		return with{"memoryReference": c.text(k, "memoryReference", "0x10", "nothing"), "data": pick(c, base64.StdEncoding.EncodeToString([]byte("1234")), "?", "")}
	},
	"breakpointLocations": func(c *chooser, k *knowledge, file string) any {
		return with{"source": with{"path": pick(c, file, "/nowhere.go")}, "line": c.upTo(255), "endLine": pick(c, 0, 300, -1, 1<<40)}
	},
	"cancel": func(c *chooser, k *knowledge, file string) any {
		return with{"requestId": pick(c, c.upTo(40), 1<<40, -1)}
	},
	"configurationDone": nothing,
	"initialize":        func(c *chooser, k *knowledge, file string) any { return with{"adapterID": "go"} },
	"launch": func(c *chooser, k *knowledge, file string) any {
		return with{"mode": "exec", "program": "/nowhere"} // no program is started that the test does not know of
	},
	"attach":          func(c *chooser, k *knowledge, file string) any { return with{"mode": "local", "processId": -1} },
	"restart":         func(c *chooser, k *knowledge, file string) any { return with{} },
	"terminate":       nothing,
	"goto":            onThread,
	"stepBack":        onThread,
	"reverseContinue": onThread,
	"makeCoffee":      nothing,
}

func onThread(c *chooser, k *knowledge, file string) any {
	return with{"threadId": c.number(k, "threadId"), "targetId": pick(c, 0, 0, c.number(k, "targetId")), "granularity": pick(c, "statement", "line", "instruction", "odd")}
}

func onFrame(c *chooser, k *knowledge, file string) any {
	return with{"frameId": c.number(k, "frameId")}
}

func nothing(*chooser, *knowledge, string) any { return nil }
