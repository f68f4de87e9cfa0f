package dap

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/google/go-dap"

	"github.com/argusdbg/argus/backend"
	"github.com/argusdbg/argus/internal/gobuild"
)

const helpConfig = `Shows and changes settings: those of the launch configuration that can change.

	argus config -list

		Shows all.

	argus config -list <name>

		Shows one.

	argus config <name> <value>

		Changes one.

	argus config substitutePath <from> <to>
	argus config substitutePath <from>
	argus config substitutePath -clear

		Adds a rule, removes that of a path, or removes all. From is where the editor has the files, to is what
		the program was compiled with.

	argus config showPprofLabels <key>
	argus config showPprofLabels -clear <key>
	argus config showPprofLabels -clear

		Shows the label of a key with goroutines ("*": all), no longer does so, or shows none.`

// setting is one that can be changed while the program is debugged.
type setting struct {
	name    string
	text    func(c *settings) string
	set     func(c *settings, value string) error
	affects dap.InvalidatedAreas // what the client has to ask for anew; "": nothing
}

// configurable are the settings, in the order in which they are listed.
var configurable = []setting{
	number("stackTraceDepth", func(c *settings) *int { return &c.StackTraceDepth }),
	number("maxStringLen", func(c *settings) *int { return &c.MaxStringLen }),
	number("maxArrayValues", func(c *settings) *int { return &c.MaxArrayValues }),
	flag("showGlobalVariables", "variables", func(c *settings) *bool { return &c.ShowGlobalVariables }),
	flag("showRegisters", "variables", func(c *settings) *bool { return &c.ShowRegisters }),
	{name: "goroutineFilters", affects: "threads",
		text: func(c *settings) string { return strconv.Quote(c.GoroutineFilters) },
		set:  func(c *settings, value string) error { c.GoroutineFilters = unquoted(value); return nil }},
	{name: "showPprofLabels", affects: "threads", set: setLabels,
		text: func(c *settings) string { return fmt.Sprint(c.ShowPprofLabels) }},
	flag("hideSystemGoroutines", "threads", func(c *settings) *bool { return &c.HideSystemGoroutines }),
	{name: "substitutePath", affects: "stacks", set: setSubstitutePath,
		text: func(c *settings) string { return c.SubstitutePath.String() }},
	{name: "followExec", text: func(c *settings) string { return strconv.FormatBool(c.FollowExecs) }},
	{name: "followExecRegex", text: func(c *settings) string { return strconv.Quote(c.FollowExecRegex) }},
	flag("showRawStrings", "variables", func(c *settings) *bool { return &c.ShowRawStrings }),
}

func number(name string, of func(*settings) *int) setting {
	return setting{name: name, text: func(c *settings) string { return strconv.Itoa(*of(c)) },
		set: func(c *settings, value string) error {
			n, err := strconv.Atoi(value)
			if err != nil {
				return fmt.Errorf("argument to %q must be a number", name)
			}
			if n < 0 {
				return fmt.Errorf("argument to %q must be a number greater than zero", name)
			}
			*of(c) = n
			c.settle()
			return nil
		}}
}

func flag(name string, affects dap.InvalidatedAreas, of func(*settings) *bool) setting {
	return setting{name: name, affects: affects, text: func(c *settings) string { return strconv.FormatBool(*of(c)) },
		set: func(c *settings, value string) error {
			if value != "true" && value != "false" {
				return fmt.Errorf("argument to %q must be true or false", name)
			}
			*of(c) = value == "true"
			return nil
		}}
}

// unquoted takes off the quotes that a value may be in.
func unquoted(value string) string {
	if text, err := strconv.Unquote(value); err == nil {
		return text
	}
	return value
}

func (s *setting) line(c *settings) string { return fmt.Sprintf("%s\t%s\n", s.name, s.text(c)) }

func commandConfig(s *session, r *request, at backend.Scope, args string) (string, error) {
	name, value := firstWord(args)
	if name == "" {
		return "", errors.New("config needs -list, or a name and a value")
	}
	c := &s.target.settings
	if name == "-list" && value == "" {
		var b strings.Builder
		for i := range configurable {
			b.WriteString(configurable[i].line(c))
		}
		return b.String(), nil
	}
	list := name == "-list"
	if list {
		name = value
	}
	i := slices.IndexFunc(configurable, func(s setting) bool { return s.name == name })
	if i < 0 {
		return "", fmt.Errorf("%q is not a configuration parameter", name)
	}
	it := &configurable[i]
	switch {
	case list:
		return it.line(c), nil
	case it.set == nil:
		return "", fmt.Errorf("%s is changed by 'argus target follow-exec'", name)
	}
	if err := it.set(c, value); err != nil {
		return "", err
	}
	if it.affects != "" {
		s.invalidated(it.affects)
	}
	return it.line(c) + "\nUpdated", nil
}

// setLabels changes which labels of goroutines are shown.
func setLabels(c *settings, value string) error {
	keys, err := gobuild.SplitFlags(value)
	switch {
	case err != nil:
		return err
	case len(keys) == 0: // shown only
	case len(keys) == 1 && keys[0] == "-clear":
		c.ShowPprofLabels = nil
	case len(keys) == 2 && keys[0] == "-clear":
		i := slices.Index(c.ShowPprofLabels, keys[1])
		if i < 0 {
			return fmt.Errorf("could not find label %q", keys[1])
		}
		c.ShowPprofLabels = slices.Delete(slices.Clone(c.ShowPprofLabels), i, i+1)
	case len(keys) == 1:
		if !slices.Contains(c.ShowPprofLabels, keys[0]) {
			c.ShowPprofLabels = append(slices.Clone(c.ShowPprofLabels), keys[0])
		}
	default:
		return errors.New(`too many arguments to "config showPprofLabels"`)
	}
	return nil
}

// setSubstitutePath changes the rules for paths.
func setSubstitutePath(c *settings, value string) error {
	paths, err := gobuild.SplitFlags(value)
	if err != nil {
		return err
	}
	if len(paths) == 1 && paths[0] == "-clear" {
		c.SubstitutePath = nil
		return nil
	}
	if len(paths) > 0 && paths[0] == "-clear" {
		paths = paths[1:]
		if len(paths) > 1 {
			return errors.New(`too many arguments to "config substitutePath -clear"`)
		}
	}
	rules := slices.Clone(c.SubstitutePath)
	i := -1
	if len(paths) > 0 {
		i = slices.IndexFunc(rules, func(p substitutePath) bool { return p.From == paths[0] })
	}
	switch {
	case len(paths) == 0: // shown only
	case len(paths) > 2:
		return errors.New(`too many arguments to "config substitutePath"`)
	case len(paths) == 1 && i < 0:
		return fmt.Errorf("could not find rule for %q", paths[0])
	case len(paths) == 1:
		rules = slices.Delete(rules, i, i+1)
	case i >= 0:
		rules[i].To = paths[1]
	default:
		rules = append(rules, substitutePath{From: paths[0], To: paths[1]})
	}
	c.SubstitutePath = rules
	return nil
}

// String lists the rules: [[from to] [from to]].
func (rules pathRules) String() string {
	pairs := make([][2]string, len(rules))
	for i, p := range rules {
		pairs[i] = [2]string{p.From, p.To}
	}
	return fmt.Sprint(pairs)
}
