package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v3"
	"golang.org/x/sys/unix"
)

// dapLog says what is logged, and where.
type dapLog struct {
	on     bool
	output string
	to     string

	dest          *os.File     // nil: standard error
	logger, trace *slog.Logger // nil: off
}

func (l *dapLog) flags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "log", Usage: "log what the server does", Destination: &l.on},
		&cli.StringFlag{Name: "log-output", Usage: "what to log: debugger, dap", Destination: &l.output},
		&cli.StringFlag{Name: "log-dest", Usage: "file, or number of a file descriptor, to log to", Destination: &l.to, TakesFile: true},
	}
}

// logOutputs are Delve's names for what can be logged; other than the first two, they are
// of parts that are not here.
var logOutputs = []string{"debugger", "dap", "gdbwire", "lldbout", "debuglineerr", "rpc", "fncall", "minidump", "stack"}

// open opens what the flags name.
func (l *dapLog) open() error {
	if !l.on && l.output != "" {
		return usage("dap: --log-output without --log: nothing would be logged")
	}
	if l.to != "" {
		if err := l.openDest(); err != nil {
			return err
		}
	}
	if !l.on {
		return nil
	}
	out := io.Writer(os.Stderr)
	if l.dest != nil {
		out = l.dest
	}
	logger := slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	what := strings.Split(l.output, ",")
	if l.output == "" {
		what = []string{"debugger"}
	}
	for _, name := range what {
		switch {
		case name == "debugger":
			l.logger = logger
		case name == "dap":
			l.trace = logger
		case !slices.Contains(logOutputs, name):
			fmt.Fprintf(os.Stderr, "argus: dap: --log-output: unknown %q: there are debugger and dap\n", name)
		}
	}
	return nil
}

func (l *dapLog) openDest() error {
	if fd, err := strconv.Atoi(l.to); err == nil {
		// Programs that are debugged must not inherit it: whoever reads it waits for its end.
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_SETFD, unix.FD_CLOEXEC); err != nil {
			return usage("dap: --log-dest: %d is not an open file descriptor", fd)
		}
		l.dest = os.NewFile(uintptr(fd), "log")
		return nil
	}
	f, err := os.Create(l.to)
	if err != nil {
		return fmt.Errorf("dap: --log-dest: %w", err)
	}
	l.dest = f
	return nil
}

func (l *dapLog) close() {
	if l.dest != nil {
		_ = l.dest.Close()
	}
}

// dupFile is another file for what f is, so that it can be closed while it is read from
// where the kernel can do that.
func dupFile(f *os.File) (*os.File, error) {
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, fmt.Errorf("dap: %s: %w", f.Name(), err)
	}
	// Pipes and sockets are read without blocking, so that closing ends the read. It is not
	// the other side's description of it that changes, but this one is shared by whoever
	// started us: so it is done to pipes and sockets alone.
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err == nil && (st.Mode&unix.S_IFMT == unix.S_IFIFO || st.Mode&unix.S_IFMT == unix.S_IFSOCK) {
		_ = unix.SetNonblock(fd, true)
	}
	return os.NewFile(uintptr(fd), f.Name()), nil
}
