package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/argusdbg/argus/backend"
	"github.com/argusdbg/argus/internal/gobuild"
)

// maxStack is how many frames --stack prints at most.
const maxStack = 32

// options are what watch and attach have in common.
type options struct {
	watches      []watchArg // in the order of the command line
	cond         string
	every        uint64
	stopAfter    uint64
	stack        stackDepth
	json         bool
	quiet        bool
	explained    bool
	who          lastWriters
	file         string
	color        string
	anyGoVersion bool
	hops         followDepth
	raw          bool
	sharing
	scoping
}

// watchArg is one -w or -rw.
type watchArg struct {
	expr   string
	access backend.Access
	group  int // which --group it is in, from 1; 0 is none
}

// flags are those of watch and attach alike.
func (o *options) flags() []cli.Flag {
	return append([]cli.Flag{
		&cli.GenericFlag{Name: "w", Usage: "watch writes of EXPR", Value: &watchFlag{o, backend.Write}},
		&cli.GenericFlag{Name: "rw", Usage: "watch reads and writes of EXPR", Value: &watchFlag{o, backend.ReadWrite}},
		&cli.StringFlag{Name: "if", Usage: "report only hits at which COND is true", Destination: &o.cond},
		&cli.Uint64Flag{Name: "count", Usage: "report only each N-th hit", Value: 1, Destination: &o.every, Validator: atLeastOne},
		&cli.Uint64Flag{Name: "stop-after", Usage: "end after N reported hits", Destination: &o.stopAfter, Validator: atLeastOne},
		&cli.GenericFlag{Name: "follow", Usage: "follow pointers, N behind one another", Value: &o.hops},
		&cli.BoolFlag{Name: "raw", Usage: "report each store to an object by itself", Destination: &o.raw},
		&cli.GenericFlag{Name: "stack", Usage: "print the stack of each hit", Value: &o.stack},
		&cli.BoolFlag{Name: "json", Usage: "print JSON, an object a line", Destination: &o.json},
		&cli.StringFlag{Name: "o", Usage: "write to FILE", Destination: &o.file, TakesFile: true},
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print only the summary", Destination: &o.quiet},
		&cli.BoolFlag{Name: "explain", Usage: "say in the end how COND was evaluated", Destination: &o.explained},
		&cli.GenericFlag{Name: "who", Usage: "print only the last writers, without stopping the program", Value: &o.who},
		colorFlag(&o.color),
		&cli.BoolFlag{Name: "any-go-version", Usage: "try programs of unknown Go versions", Destination: &o.anyGoVersion},
	}, append(o.sharing.flags(), o.scoping.flags()...)...)
}

func colorFlag(when *string) cli.Flag {
	return &cli.StringFlag{Name: "color", Usage: "auto, always or never", Value: "auto", Destination: when, Validator: oneOf("auto", "always", "never")}
}

// check looks for what the library cannot see, and makes up the groups.
func (o *options) check(command string) error {
	if err := o.gather(); err != nil {
		return err
	}
	if len(o.watches) == 0 {
		return usage("%s: nothing to watch: name a variable with -w, as in -w main.balance (see argus %s --help)", command, command)
	}
	return o.checkWho(command)
}

func atLeastOne(n uint64) error {
	if n == 0 {
		return fmt.Errorf("not 1 or more")
	}
	return nil
}

// oneOf accepts these words.
func oneOf(words ...string) func(string) error {
	return func(s string) error {
		if slices.Contains(words, s) {
			return nil
		}
		last := len(words) - 1
		return fmt.Errorf("not one of %s and %s", strings.Join(words[:last], ", "), words[last])
	}
}

// watchFlag is the value of -w and of -rw: both add to one list, and commas are part of
// an expression.
type watchFlag struct {
	o      *options
	access backend.Access
}

// Set adds an expression.
func (f *watchFlag) Set(expr string) error {
	if expr = strings.TrimSpace(expr); expr == "" {
		return fmt.Errorf("not an expression")
	}
	f.o.watches = append(f.o.watches, watchArg{expr: expr, access: f.access})
	return nil
}

// String is the default, which is none.
func (f *watchFlag) String() string { return "" }

// Get is for the library.
func (f *watchFlag) Get() any { return f }

// stackDepth is the value of --stack, alone or with a number: 0 is no stack.
type stackDepth int

// Set takes what follows "--stack=", "true" if nothing does.
func (d *stackDepth) Set(s string) error {
	if s == "true" {
		*d = maxStack
		return nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > maxStack {
		return fmt.Errorf("not a number of frames, 1 to %d", maxStack)
	}
	*d = stackDepth(n)
	return nil
}

// String is the default, which is none.
func (d *stackDepth) String() string { return "" }

// Get is for the library.
func (d *stackDepth) Get() any { return *d }

// IsBoolFlag says that the number may be left out.
func (d *stackDepth) IsBoolFlag() bool { return true }

// followDepth is the value of --follow, alone, with a number, or "all": 0 is no pointers.
type followDepth int

// Set takes what follows "--follow=", "true" if nothing does.
func (d *followDepth) Set(s string) error {
	switch s {
	case "true":
		*d = 1
		return nil
	case "all":
		*d = -1
		return nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return fmt.Errorf("not a number of pointers, 1 or more, nor all")
	}
	*d = followDepth(n)
	return nil
}

// String is the default, which is none.
func (d *followDepth) String() string { return "" }

// Get is for the library.
func (d *followDepth) Get() any { return *d }

// IsBoolFlag says that the number may be left out.
func (d *followDepth) IsBoolFlag() bool { return true }

// splitWords splits what --build-flags is given, as a shell does.
func splitWords(s string) ([]string, error) {
	words, err := gobuild.SplitFlags(s)
	if err != nil {
		return nil, usage("--build-flags: %v", err)
	}
	return words, nil
}
