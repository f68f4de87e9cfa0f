package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/urfave/cli/v3"
)

//go:embed help/*.txt
var helpFiles embed.FS

// help is the text of a command's help. It is a template to the library, which ours do
// not make use of.
func help(name string) string {
	text, err := helpFiles.ReadFile("help/" + name + ".txt")
	if err != nil {
		panic(err) // a command without a help text: every test finds it
	}
	return string(text)
}

// run is the program: it returns the exit status.
func run(args []string) int {
	status := 0
	app := newApp(args, &status)
	if err := app.Run(context.Background(), args); err != nil {
		fmt.Fprintln(os.Stderr, "argus: "+oneLine(err.Error()))
		return exitCode(err)
	}
	return status
}

func init() {
	cli.VersionPrinter = func(*cli.Command) { _ = readVersion().write(os.Stdout) }
}

// newApp builds the command tree. Commands leave their exit status in status.
func newApp(args []string, status *int) *cli.Command {
	app := &cli.Command{
		Name:                          "argus",
		Usage:                         "watch the variables of Go programs with hardware watchpoints",
		CustomRootCommandHelpTemplate: help("argus"),
		Version:                       readVersion().Version, // for --version
		EnableShellCompletion:         true,
		ConfigureShellCompletionCommand: func(c *cli.Command) {
			c.Hidden = false
			c.Usage = "print the completion script of a shell: bash, zsh, fish or pwsh"
			c.CustomHelpTemplate = help("completion")
			c.Action = func(_ context.Context, c *cli.Command) error {
				return usage("completion: name a shell: bash, zsh, fish or pwsh")
			}
		},
		ExitErrHandler: func(context.Context, *cli.Command, error) {}, // run does that
		Commands: []*cli.Command{
			watchCommand(args, status),
			traceCommand(args, status),
			attachCommand(status),
			dapCommand(),
			doctorCommand(status),
			versionCommand(),
			guessHelperCommand(),
		},
		Action: func(_ context.Context, c *cli.Command) error {
			if c.NArg() == 0 {
				return cli.ShowRootCommandHelp(c)
			}
			return unknownCommand(c)
		},
	}
	_ = app.Walk(func(c *cli.Command) error {
		c.HideHelpCommand = c != app
		c.OnUsageError = explainUsage
		return nil
	})
	return app
}

// usageError is a mistake in the command line.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usage(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

var (
	unknownFlag = regexp.MustCompile(`^flag provided but not defined: -(.*)$`)
	noArgument  = regexp.MustCompile(`^flag needs an argument: (.*)$`)
	badValue    = regexp.MustCompile(`^invalid value ("(?:[^"\\]|\\.)*") for flag -([^:]*): (.*)$`)
)

// explainUsage puts the library's findings into a line that says what to do.
func explainUsage(_ context.Context, c *cli.Command, err error, _ bool) error {
	var already *usageError
	if errors.As(err, &already) {
		return err
	}
	text := err.Error()
	if m := unknownFlag.FindStringSubmatch(text); m != nil {
		return usage("unknown flag %s%s%s", dashed(m[1]), didYouMean(m[1], flagNames(c), dashed), seeHelp(c))
	}
	if m := noArgument.FindStringSubmatch(text); m != nil {
		return usage("flag %s needs a value%s", m[1], seeHelp(c))
	}
	if m := badValue.FindStringSubmatch(text); m != nil {
		why := m[3]
		switch {
		case strings.HasPrefix(why, "strconv."), why == "parse error":
			why = "not a number of that kind"
		case strings.HasPrefix(why, "time: "):
			why = "not a time with its unit, as in 2ms"
		}
		return usage("%s: %s is %s%s", dashed(m[2]), m[1], why, seeHelp(c))
	}
	return usage("%s%s", text, seeHelp(c))
}

func seeHelp(c *cli.Command) string { return fmt.Sprintf(" (see %s --help)", c.FullName()) }

// dashed is a flag as users write it: -w and -rw, but --stack.
func dashed(name string) string {
	if len(name) == 1 || name == "rw" {
		return "-" + name
	}
	return "--" + strings.TrimLeft(name, "-")
}

func flagNames(c *cli.Command) []string {
	var names []string
	for _, f := range c.Flags {
		names = append(names, f.Names()...)
	}
	return names
}

func unknownCommand(c *cli.Command) error {
	var names []string
	for _, sub := range c.Commands {
		names = append(names, sub.Name)
	}
	name := c.Args().First()
	return usage("unknown command %q%s (see argus --help)", name, didYouMean(name, names, func(s string) string { return s }))
}

// didYouMean names the nearest of the names, if one is near.
func didYouMean(name string, names []string, show func(string) string) string {
	name = strings.TrimLeft(name, "-")
	far := func(n string) int { return levenshtein.ComputeDistance(name, n) }
	if len(names) == 0 || len(name) < 3 {
		return ""
	}
	nearest := slices.MinFunc(names, func(a, b string) int { return far(a) - far(b) })
	if far(nearest) > 1+len(name)/3 {
		return ""
	}
	return "; did you mean " + show(nearest) + "?"
}

func oneLine(s string) string { return strings.Join(strings.Split(strings.TrimSpace(s), "\n"), "; ") }
