package dap

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/argusdbg/argus/backend"
)

// command is something that the debug console does beyond evaluating expressions, after
// "argus" or "dlv".
type command struct {
	names []string // the first is the one that is shown
	usage string   // what follows the name
	help  string   // the first line alone is shown in the list
	run   func(s *session, r *request, at backend.Scope, args string) (string, error)
}

// commands are all of them, in the order of help.
var commands []command

func init() { // in init, since help leads back to the list
	commands = []command{
		{names: []string{"help", "h"}, usage: "[command]", run: commandHelp,
			help: "Prints the help message.\n\nWith the name of a command: what it does."},
		{names: []string{"watch"}, usage: strings.TrimPrefix(watchUsage, "watch "), run: (*session).commandWatch,
			help: "Sets a watchpoint: the program stops when the memory of a variable is written.\n\n" +
				"-r is for reads, -rw for both. -hit stops at certain hits only (\"> 3\", \"% 10\"), -log prints instead of stopping\n" +
				"({old} and {new} are the values), and -quiet does neither: 'who' and 'watches' tell. -goroutine is for what some\n" +
				"goroutines do: id=18, func=main.worker (which they began with, or are in) or label=KEY=VALUE. -bytes is how much to watch from\n" +
				"an address on. -mode says what to do when the debug registers are in use: 'sampled' takes turns, 'pinned' does not."},
		{names: []string{"watches"}, run: (*session).commandWatches,
			help: "Lists the watchpoints, with what each may have missed."},
		{names: []string{"unwatch"}, usage: "<number>|<expression>", run: (*session).commandUnwatch,
			help: "Removes a watchpoint.\n\nThe numbers are those that 'watches' shows."},
		{names: []string{"who"}, usage: "<expression>", run: (*session).commandWho,
			help: "Says who wrote a watched variable last: the goroutine, the line and the values."},
		{names: []string{"conditions"}, run: (*session).commandConditions,
			help: "Says how conditions are evaluated: compiled, which is quick, or by Delve's evaluator, and why."},
		{names: []string{"goroutines", "grs"}, usage: "[-start n] [-count n] [filters]", run: commandGoroutines,
			help: "Lists goroutines.\n\n100 of them if -count says nothing else. Filters are those of the attribute goroutineFilters, " +
				"for example\n\n\t-with user -without startloc net/http\n\nThe filters of the settings apply if none are given."},
		{names: []string{"sources", "s"}, usage: "[regexp]", run: commandSources,
			help: "Lists the source files.\n\nWith a regular expression: those that match it."},
		{names: []string{"types"}, usage: "[regexp]", run: commandTypes,
			help: "Lists the types.\n\nWith a regular expression: those that match it."},
		{names: []string{"examinemem", "x"}, usage: "[-fmt f] [-count n] [-size n] <address>|-x <expression>", run: commandExamine, help: helpExamine},
		{names: []string{"config"}, usage: "-list [name] | <name> <value>", run: commandConfig, help: helpConfig},
		{names: []string{"target"}, usage: "list | follow-exec [-on [regexp]|-off]", run: commandTarget,
			help: "Says what is debugged.\n\n'list' shows the process, 'follow-exec' whether programs that it starts are debugged too; " +
				"with -on and a regular expression, those of which the command line matches it."},
	}
}

// errNoCommand is what Delve says of commands that it does not have.
var errNoCommand = errors.New("command not available")

func findCommand(name string) *command {
	i := slices.IndexFunc(commands, func(c command) bool { return slices.Contains(c.names, name) })
	if i < 0 {
		return nil
	}
	return &commands[i]
}

// command does a command and returns what it prints.
func (s *session) command(r *request, at backend.Scope, line string) (string, error) {
	name, args := firstWord(line)
	c := findCommand(name)
	if c == nil {
		return "", fmt.Errorf("%w: %s ('argus help' lists those that there are)", errNoCommand, name)
	}
	return c.run(s, r, at, args)
}

// firstWord splits off the first word of a line.
func firstWord(line string) (word, rest string) {
	word, rest, _ = strings.Cut(strings.TrimSpace(line), " ")
	return word, strings.TrimSpace(rest)
}

func commandHelp(s *session, r *request, at backend.Scope, args string) (string, error) {
	if args != "" {
		c := findCommand(args)
		if c == nil {
			return "", fmt.Errorf("%w: %s", errNoCommand, args)
		}
		return fmt.Sprintf("%s\n\n\targus %s %s", c.help, c.names[0], c.usage), nil
	}
	var b strings.Builder
	b.WriteString("The following commands are available:\n")
	for _, c := range commands {
		name := c.names[0]
		if len(c.names) > 1 {
			name += fmt.Sprintf(" (alias: %s)", strings.Join(c.names[1:], " | "))
		}
		summary, _, _ := strings.Cut(c.help, "\n")
		fmt.Fprintf(&b, "    argus %s \t %s\n", name, summary)
	}
	b.WriteString("\nType 'argus help' followed by a command for what it takes; 'dlv' instead of 'argus' does as well.\n" +
		"Everything else is a Go expression, or 'call' and an expression that calls functions of the program.\n")
	return b.String(), nil
}

func commandSources(s *session, r *request, at backend.Scope, args string) (string, error) {
	list, err := s.target.Sources(r.ctx, args)
	return strings.Join(list, "\n"), err
}

func commandTypes(s *session, r *request, at backend.Scope, args string) (string, error) {
	list, err := s.target.Types(r.ctx, args)
	return strings.Join(list, "\n"), err
}

// listedGoroutines is how many the goroutines command lists if it is not told.
const listedGoroutines = 100

func commandGoroutines(s *session, r *request, at backend.Scope, args string) (string, error) {
	q := backend.GoroutineQuery{Count: listedGoroutines}
	var filters []string
	words := strings.Fields(args)
	for i := 0; i < len(words); i++ {
		into := &q.Start
		switch words[i] {
		case "-count":
			into = &q.Count
		case "-start":
		default:
			filters = append(filters, words[i])
			continue
		}
		if i++; i == len(words) {
			return "", fmt.Errorf("%s needs a number", words[i-1])
		}
		n, err := strconv.Atoi(words[i])
		if err != nil || n < 0 {
			return "", fmt.Errorf("%s needs a number, and not %s", words[i-1], words[i])
		}
		*into = n
	}
	q.Filter = strings.Join(filters, " ")
	if q.Filter == "" {
		q.Filter, q.HideSystem = s.target.GoroutineFilters, s.target.HideSystemGoroutines
	}
	q.Labels = len(s.target.ShowPprofLabels) > 0
	list, total, err := s.target.GoroutinePage(r.ctx, q)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for i := range list {
		b.WriteString(s.goroutineLine(&list[i]))
	}
	fmt.Fprintf(&b, "[%d goroutines", total)
	if len(list) < total {
		fmt.Fprintf(&b, ", %d shown", len(list))
	}
	b.WriteString("]\n")
	return b.String(), nil
}

// goroutineLine describes a goroutine.
func (s *session) goroutineLine(g *backend.GoroutineInfo) string {
	mark, thread, why := "  ", "", ""
	if g.Selected {
		mark = "* "
	}
	if g.Unreadable != nil {
		return fmt.Sprintf("%sunreadable: %v\n", mark, g.Unreadable)
	}
	if g.Thread != 0 {
		thread = fmt.Sprintf(" (thread %d)", g.Thread)
	}
	if g.WaitReason != "" {
		why = " [" + g.WaitReason + "]"
	}
	return fmt.Sprintf("%sGoroutine %d%s - User: %s:%d %s (%#x)%s%s\n", mark, g.ID, labelsOf(g.Labels, s.target.ShowPprofLabels),
		s.target.toClient(g.Place.File), g.Place.Line, g.Place.Function, g.Place.PC, thread, why)
}

func commandTarget(s *session, r *request, at backend.Scope, args string) (string, error) {
	what, rest := firstWord(args)
	switch what {
	case "list":
		return fmt.Sprintf("*\t%d\t%s\n", s.target.PID(), s.target.Path()), nil
	case "follow-exec":
		return s.followExec(r, rest)
	case "switch":
		return "", errors.New("one process is debugged: there is no other to switch to")
	}
	return "", errors.New("unknown target command: there are list and follow-exec")
}

func (s *session) followExec(r *request, args string) (string, error) {
	how, regex := firstWord(args)
	switch {
	case how == "" && s.target.FollowExecs:
		return "Follow exec mode is enabled", nil
	case how == "":
		return "Follow exec mode is disabled", nil
	case how == "-on":
		if err := s.setFollowExec(r, true, regex); err != nil {
			return "", err
		}
		if regex != "" {
			return fmt.Sprintf("Follow exec mode enabled with regex %q", regex), nil
		}
		return "Follow exec mode enabled", nil
	case how == "-off" && regex != "":
		return "", errors.New("too many arguments")
	case how == "-off":
		return "Follow exec mode disabled", s.setFollowExec(r, false, "")
	}
	return "", fmt.Errorf("unknown argument %q to 'target follow-exec'", how)
}
