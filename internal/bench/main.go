package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"syscall"
	"time"

	"github.com/argusdbg/argus/internal/orphans"
)

func init() { runtime.LockOSThread() } // ptrace knows the tracer by its thread

func main() {
	if len(os.Args) > 1 && os.Args[1] == "turn" {
		if err := takeTurn(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// options are the command line's.
type options struct {
	match     *regexp.Regexp
	times     int
	limit     time.Duration
	json, svg string
	markdown  string
	programs  string
	wall      bool
	list      bool
}

func parseOptions(args []string, stderr io.Writer) (o options, err error) {
	set := flag.NewFlagSet("bench", flag.ContinueOnError)
	set.SetOutput(stderr)
	pattern := set.String("case", "", "measure only cases whose names match the regular `expression`")
	set.IntVar(&o.times, "times", 5, "how many turns")
	set.DurationVar(&o.limit, "for", time.Second/2, "how long a measurement goes on that has no end of its own")
	set.StringVar(&o.json, "json", "", "write all figures to a `file`")
	set.StringVar(&o.svg, "svg", "", "write a chart to a `file`")
	set.StringVar(&o.markdown, "markdown", "", "write a table to a `file`")
	set.StringVar(&o.programs, "programs", "", "keep the programs that are measured on in a `folder`, and take those that are there")
	set.BoolVar(&o.wall, "wall", false, "compare the time that passes everywhere, not processor time: for a machine that does nothing else")
	set.BoolVar(&o.list, "list", false, "print the names of the cases, and measure nothing")
	if err := set.Parse(args); err != nil {
		return o, err
	}
	if o.match, err = regexp.Compile(*pattern); err == nil {
		switch {
		case set.NArg() > 0:
			err = fmt.Errorf("%q: there are flags only", set.Arg(0))
		case o.times < 1:
			err = errors.New("-times: at least one")
		case o.limit <= 0 || o.limit > deadline/3:
			err = fmt.Errorf("-for: above 0, up to %v", deadline/3)
		}
	}
	if err != nil {
		fmt.Fprintln(stderr, "bench:", err)
	}
	return o, err
}

// run is the command, and returns its exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parseOptions(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		return 2
	}
	var chosen []benchmark
	for _, b := range cases() {
		if o.match.MatchString(b.name) {
			chosen = append(chosen, b)
		}
	}
	if o.list {
		for _, b := range chosen {
			fmt.Fprintf(stdout, "%-16s  %s\n", b.name, b.title)
		}
		return 0
	}
	if len(chosen) == 0 {
		fmt.Fprintf(stderr, "bench: no case matches %q; -list prints them\n", o.match)
		return 2
	}
	failed, err := measureAll(ctx, o, chosen, stdout, stderr)
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(stderr, "bench: interrupted")
		return 130
	case err != nil:
		fmt.Fprintln(stderr, "bench:", err)
		return 1
	case failed:
		return 1
	}
	return 0
}

func measureAll(ctx context.Context, o options, chosen []benchmark, stdout, stderr io.Writer) (failed bool, err error) {
	if err := orphans.Adopt(); err != nil {
		return false, err
	}
	with := setting{Programs: o.programs, For: o.limit}
	if with.Programs == "" {
		if with.Programs, err = os.MkdirTemp("", "argus-bench-"); err != nil {
			return false, err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(with.Programs)) }()
	} else if err := os.MkdirAll(with.Programs, 0o755); err != nil {
		return false, err
	}
	if with.Programs, err = filepath.Abs(with.Programs); err != nil {
		return false, err
	}
	if err := buildPrograms(ctx, with.Programs); err != nil {
		return false, err
	}
	m := thisMachine()
	var list []*outcome
	for i := range chosen {
		out, err := chosen[i].measure(ctx, o, with, stderr)
		if err != nil {
			return false, err
		}
		for _, f := range out.Tools {
			failed = failed || f.failed()
		}
		list = append(list, out)
	}
	m.Load[1] = load()
	if err := writeText(stdout, m, o.times, list); err != nil {
		return failed, err
	}
	if o.json != "" {
		text, err := json.MarshalIndent(map[string]any{"Machine": m, "Times": o.times, "Cases": list}, "", "\t")
		if err != nil {
			return failed, err
		}
		if err := os.WriteFile(o.json, append(text, '\n'), 0o644); err != nil {
			return failed, err
		}
	}
	if o.markdown != "" {
		if err := os.WriteFile(o.markdown, []byte(markdown(list)), 0o644); err != nil {
			return failed, err
		}
	}
	if o.svg != "" {
		return failed, os.WriteFile(o.svg, chart(list), 0o644)
	}
	return failed, nil
}

// measure takes all turns of a case.
func (b *benchmark) measure(ctx context.Context, o options, with setting, progress io.Writer) (*outcome, error) {
	out := &outcome{Case: b.name, Title: b.title, Unit: b.unit, CPU: b.unit == nanoseconds && !b.any && !o.wall}
	for _, t := range tools {
		if b.run[t] != nil || b.cannot[t] != "" {
			out.Tools = append(out.Tools, &figures{Tool: t, Cannot: b.cannot[t]})
		}
	}
	for i := range o.times {
		for _, j := range order(len(out.Tools), i) {
			f := out.Tools[j]
			if f.Cannot != "" {
				continue
			}
			r, err := turn(ctx, b, f.Tool, with)
			if err != nil {
				return nil, err
			}
			says := b.unit.show(r.Sample.Value)
			if b.unit == nanoseconds {
				says += ", of processors " + b.unit.show(r.Sample.CPU)
			}
			switch {
			case r.Cannot != "":
				f.Cannot, says = r.Cannot, "cannot: "+r.Cannot
			case r.Failed != "":
				f.fail(r.Failed)
				says = "failed: " + r.Failed
			default:
				f.add(r.Sample)
			}
			fmt.Fprintf(progress, "%s %d/%d %s: %s\n", b.name, i+1, o.times, f.Tool, says)
		}
	}
	out.conclude(b.goals)
	return out, nil
}

// order is who comes when in a turn: another is the first each time, and every other turn
// goes backwards, so that who follows on whom changes too.
func order(n, turn int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = (i + turn) % n
		if turn%2 == 1 {
			list[i] = (turn%n - i + n) % n
		}
	}
	return list
}
