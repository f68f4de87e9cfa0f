package main

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/argusdbg/argus/internal/orphans"
)

// Exit statuses of the command.
const (
	statusLevel       = 0   // no test fails on Argus that passes on Delve's backend
	statusDiffers     = 1   // at least one does
	statusCannotRun   = 2   // wrong usage, or the suites could not be built or run
	statusInterrupted = 130 // SIGINT or SIGTERM, as shells count it
)

//go:embed adapter.go.txt
var adapterSource []byte

type options struct {
	run      string        // regular expression of test names, "" for all
	packages []string      // folders in Delve's module
	backends []string      // backendNative, backendArgus
	timeout  time.Duration // without a test that starts or ends
	logDir   string        // where event streams are kept, "" for nowhere
	verbose  bool
	json     bool
}

func main() {
	os.Exit(runMain(os.Args[1:], os.Stdout, os.Stderr))
}

func runMain(args []string, stdout, stderr io.Writer) int {
	opts, err := parseOptions(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return statusLevel
	}
	if err != nil {
		fmt.Fprintln(stderr, "delvesuite:", err)
		return statusCannotRun
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	rep, err := runSuites(ctx, opts, stderr)
	if ctx.Err() != nil {
		fmt.Fprintln(stderr, "delvesuite: interrupted")
		return statusInterrupted
	}
	if err != nil {
		fmt.Fprintln(stderr, "delvesuite:", err)
		return statusCannotRun
	}
	write := rep.writeText
	if opts.json {
		write = rep.writeJSON
	}
	if err := write(stdout); err != nil {
		fmt.Fprintln(stderr, "delvesuite: could not write the report:", err)
		return statusCannotRun
	}
	if rep.differs() {
		return statusDiffers
	}
	return statusLevel
}

func parseOptions(args []string, stderr io.Writer) (options, error) {
	var opts options
	fs := flag.NewFlagSet("delvesuite", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&opts.run, "run", "", "run only the tests matching this regular expression")
	pkgs := fs.String("pkg", "pkg/proc", "comma-separated packages of Delve to test, such as pkg/proc,service/test,service/dap,pkg/terminal")
	backend := fs.String("backend", "both", "argus, native or both; server, for service/dap on Argus's DAP server and on Delve's, or server-only")
	fs.BoolVar(&opts.verbose, "v", false, "print every test's result as it ends, and the output of failed tests")
	fs.DurationVar(&opts.timeout, "timeout", 3*time.Minute, "end a test process in which no test starts or ends for this long")
	fs.StringVar(&opts.logDir, "log", "", "keep each suite's test2json stream in this folder")
	fs.BoolVar(&opts.json, "json", false, "print the report as JSON")
	if err := fs.Parse(args); err != nil {
		return opts, err
	}
	if fs.NArg() > 0 {
		return opts, fmt.Errorf("unexpected argument %q: packages are given as -pkg %s", fs.Arg(0), fs.Arg(0))
	}
	if opts.timeout <= 0 {
		return opts, fmt.Errorf("-timeout %s: must be longer than zero", opts.timeout)
	}
	if _, err := regexp.Compile(opts.run); err != nil {
		return opts, fmt.Errorf("-run: %w", err)
	}
	switch *backend {
	case "both":
		opts.backends = []string{backendNative, backendArgus}
	case backendNative, backendArgus:
		opts.backends = []string{*backend}
	case backendServer:
		opts.backends, *pkgs = []string{backendNative, backendServer}, serverSuite
	case backendServer + "-only":
		opts.backends, *pkgs = []string{backendServer}, serverSuite
	default:
		return opts, fmt.Errorf("-backend %q: must be argus, native or both, server or server-only", *backend)
	}
	for p := range strings.SplitSeq(*pkgs, ",") {
		p = strings.TrimPrefix(strings.TrimSpace(p), "./")
		if !filepath.IsLocal(p) || p == "." {
			return opts, fmt.Errorf("-pkg %q: must be folders in Delve's module, such as pkg/proc", *pkgs)
		}
		if !slices.Contains(opts.packages, p) {
			opts.packages = append(opts.packages, p)
		}
	}
	return opts, nil
}

// runSuites runs every package asked for on every backend asked for. Progress
// goes to w.
func runSuites(ctx context.Context, opts options, w io.Writer) (rep report, err error) {
	if err := orphans.Adopt(); err != nil {
		return rep, err
	}
	tmp, err := os.MkdirTemp("", "delvesuite-")
	if err != nil {
		return rep, err
	}
	// Orphans first, they may still be writing: an interrupted go command leaves
	// the compilers it started.
	defer func() { err = errors.Join(err, orphans.End(), os.RemoveAll(tmp)) }()

	ws, err := newWorkspace(ctx, tmp)
	if err != nil {
		return rep, err
	}
	rep.Delve = ws.version
	if slices.Contains(opts.backends, backendArgus) {
		if err := ws.addAdapter(ctx, adapterSource, opts.packages); err != nil {
			return rep, err
		}
	}
	if slices.Contains(opts.backends, backendServer) {
		if err := ws.addServer(ctx, serverSource); err != nil {
			return rep, err
		}
	}
	for _, pkg := range opts.packages {
		for _, backend := range opts.backends {
			fmt.Fprintf(w, "%s on %s: building and running\n", pkg, backend)
			res, err := ws.runSuite(ctx, suite{pkg: pkg, backend: backend}, opts, w)
			if err != nil {
				return rep, fmt.Errorf("%s on %s: %w", pkg, backend, err)
			}
			rep.Suites = append(rep.Suites, res)
		}
	}
	return rep, nil
}
