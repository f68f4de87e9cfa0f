package dap

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/google/go-dap"
)

// step plays one step of a scenario.
func (sc *scene) step(text string) error {
	sc.Helper()
	verb, rest, _ := strings.Cut(text, " ")
	rest = strings.TrimSpace(rest)
	if verb != "<" && verb != "!" {
		sc.settle()
	}
	switch verb {
	case "launch":
		args, err := sc.attributes(rest)
		if err != nil {
			return err
		}
		program, _ := args["program"].(string)
		if program == "" {
			program = sc.names["program"].(string)
		}
		sc.ed.launch(program, args)
		return nil
	case "attach":
		if err := sc.startProgram(); err != nil {
			return err
		}
		args, err := sc.attributes(rest)
		if err != nil {
			return err
		}
		delete(args, "args")
		sc.ed.attach(sc.program.Process.Pid, args)
		return nil
	case "run":
		sc.ed.configured()
		return nil
	case ">", ">>":
		return sc.request(verb, rest)
	case "<", "!":
		sc.judged = true
		if sc.last == nil {
			return errors.New("no request comes before that")
		}
		return sc.responds(verb, sc.last, rest)
	case "<<", "!!":
		command, rest, _ := strings.Cut(rest, " ")
		seq, ok := sc.later[command]
		if !ok {
			return errors.New("no such request was sent by >>")
		}
		return sc.responds(verb[:1], sc.ed.response(seq), strings.TrimSpace(rest))
	case "*", "-":
		return sc.event(verb, rest)
	case "stop":
		return sc.stop(rest)
	case "go":
		sc.ed.resume(rest, sc.number("thread"))
		return nil
	case "eval":
		expr, pattern, ok := strings.Cut(rest, "=>")
		if !ok {
			return errors.New("no => PATTERN")
		}
		m := sc.ed.response(sc.ed.send("evaluate", with{"expression": strings.TrimSpace(expr), "context": "repl", "frameId": sc.number("frame")}))
		if !m.Success {
			return errors.New(failureText(m))
		}
		return sc.fits("body", m.Body, `{"result": `+pattern+`}`)
	case "replace":
		to, from, _ := strings.Cut(rest, " ")
		content, ok := sc.files[from]
		if !ok {
			return fmt.Errorf("the archive has no %q", from)
		}
		sc.writeSource(to, content)
		sc.markLines(sc.dir + "/" + to)
		return nil
	case "kill":
		return sc.signal(rest)
	case "end":
		if err := sc.fits("body", sc.ed.event("exited", nil).Body, rest); err != nil {
			return err
		}
		sc.names["ended"] = true
		sc.ed.event("terminated", nil)
		return nil
	case "disconnect":
		args, err := sc.value(rest)
		if err != nil {
			return err
		}
		if m, ok := args.(map[string]any); ok && m["terminateDebuggee"] == true {
			sc.names["ended"] = true
		}
		ask[struct{}](sc.ed, "disconnect", args)
		sc.ed.hangup()
		return nil
	}
	return fmt.Errorf("no such step: %s", verb)
}

func (sc *scene) request(verb, text string) error {
	sc.Helper()
	command, rest, _ := strings.Cut(text, " ")
	var args any
	if rest = strings.TrimSpace(rest); rest != "" {
		var err error
		if args, err = sc.value(rest); err != nil {
			return err
		}
	}
	seq := sc.ed.send(command, args)
	if verb == ">>" {
		sc.later[command] = seq
		sc.names["seq"] = seq
		return nil
	}
	sc.last, sc.lastOf, sc.judged = sc.ed.response(seq), command, false
	return nil
}

func (sc *scene) responds(verb string, m *message, pattern string) error {
	if verb == "<" {
		if !m.Success {
			return errors.New(failureText(m))
		}
		return sc.fits("body", m.Body, pattern)
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return err
	}
	if m.Success {
		return fmt.Errorf("it succeeds: %s", m.Body)
	}
	if text := failureText(m); !re.MatchString(text) {
		return fmt.Errorf("the error is %q", text)
	}
	return nil
}

func (sc *scene) event(verb, text string) error {
	sc.Helper()
	name, pattern, _ := strings.Cut(text, " ")
	pattern = strings.TrimSpace(pattern)
	if verb == "-" {
		if list := sc.ed.came(name); len(list) > 0 {
			return fmt.Errorf("there is one: %s", list[0].Body)
		}
		return nil
	}
	if name == "output" {
		sc.ed.event(name, func(m *message) bool { return sc.fits("body", m.Body, pattern) == nil })
		return nil
	}
	return sc.fits("body", sc.ed.event(name, nil).Body, pattern)
}

// stop waits for the program to stop, and asks for what editors ask for then.
func (sc *scene) stop(pattern string) error {
	sc.Helper()
	m := sc.ed.event("stopped", nil)
	if err := sc.fits("body", m.Body, pattern); err != nil {
		return err
	}
	body := bodyOf[dap.StoppedEventBody](sc.ed, m)
	for _, name := range []string{"frame", "scope"} {
		delete(sc.names, name)
	}
	sc.names["thread"] = body.ThreadId
	m = sc.ed.response(sc.ed.send("stackTrace", with{"threadId": body.ThreadId, "levels": 20}))
	if !m.Success {
		if body.Reason == "entry" { // there may be no goroutines yet
			return nil
		}
		return errors.New(failureText(m))
	}
	frames := bodyOf[dap.StackTraceResponseBody](sc.ed, m).StackFrames
	if len(frames) == 0 {
		return errors.New("there are no frames")
	}
	sc.names["frame"] = frames[0].Id
	if scopes := sc.ed.scopes(frames[0].Id); len(scopes) > 0 {
		sc.names["scope"] = scopes[0].VariablesReference
	}
	return nil
}

func (sc *scene) number(name string) int {
	n, _ := strconv.Atoi(fmt.Sprint(sc.names[name]))
	return n
}
