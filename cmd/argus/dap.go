package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/urfave/cli/v3"

	"github.com/argusdbg/argus/backend"
	"github.com/argusdbg/argus/dap"
)

// dapOptions are those of the dap command: the flags of "dlv dap", by the same names.
type dapOptions struct {
	listen     string
	clientAddr string
	stdio      bool
	sameUser   bool
	checkGo    bool
	driver     string
	dapLog
}

// meaningless are flags that clients may pass to Delve and that say nothing here: how a
// program is started is in the launch request. true is for those that take no value.
var meaningless = []struct {
	name string
	bool bool
}{
	{"api-version", false}, {"backend", false}, {"build-flags", false}, {"init", false}, {"redirect", false}, {"wd", false},
	{"accept-multiclient", true}, {"allow-non-terminal-interactive", true}, {"continue", true}, {"disable-aslr", true}, {"headless", true},
}

func dapCommand() *cli.Command {
	var o dapOptions
	flags := []cli.Flag{
		&cli.StringFlag{Name: "listen", Aliases: []string{"l"}, Usage: "address to wait for a client at", Value: "127.0.0.1:0", Destination: &o.listen},
		&cli.StringFlag{Name: "client-addr", Usage: "address at which a client waits", Destination: &o.clientAddr},
		&cli.BoolFlag{Name: "stdio", Usage: "speak on standard input and output", Destination: &o.stdio},
		&cli.BoolFlag{Name: "only-same-user", Usage: "refuse other users of this machine", Value: true, Destination: &o.sameUser},
		&cli.BoolFlag{Name: "check-go-version", Usage: "refuse programs of unknown Go versions", Value: true, Destination: &o.checkGo},
		&cli.StringFlag{Name: "driver", Usage: "perf, ptrace or auto", Value: "auto", Destination: &o.driver, Validator: oneOf("auto", "perf", "ptrace")},
	}
	for _, f := range meaningless {
		if f.bool {
			flags = append(flags, &cli.BoolFlag{Name: f.name, Hidden: true})
		} else {
			flags = append(flags, &cli.StringFlag{Name: f.name, Hidden: true})
		}
	}
	return &cli.Command{
		Name:               "dap",
		Usage:              "serve an editor that speaks the Debug Adapter Protocol",
		CustomHelpTemplate: help("dap"),
		Flags:              append(flags, o.dapLog.flags()...),
		Action: func(ctx context.Context, c *cli.Command) error {
			switch {
			case c.NArg() > 0:
				return usage("dap: takes no arguments: the editor says what is debugged%s", seeHelp(c))
			case o.stdio && (c.IsSet("listen") || o.clientAddr != ""), c.IsSet("listen") && o.clientAddr != "":
				return usage("dap: --listen, --client-addr and --stdio exclude each other%s", seeHelp(c))
			}
			for _, f := range meaningless {
				if c.IsSet(f.name) && f.name != "api-version" {
					fmt.Fprintf(os.Stderr, "argus: dap: --%s is ignored: the editor says that in its launch request\n", f.name)
				}
			}
			return o.serve(ctx)
		},
	}
}

// serve serves one client. It returns once that has gone and its program is seen to.
func (o *dapOptions) serve(ctx context.Context) error {
	if err := o.open(); err != nil {
		return err
	}
	defer o.close()
	sigs := catchSignals()
	defer sigs.stop()
	ctx, cancel := sigs.interrupting(ctx)
	defer cancel()

	cfg := dap.Config{
		Options: backend.Options{Driver: o.driver, AnyGoVersion: !o.checkGo},
		Log:     o.logger, Trace: o.trace,
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
	}
	conn, err := o.connect(ctx, &cfg)
	if err != nil {
		return orInterrupted(ctx, err)
	}
	err = dap.Serve(ctx, conn, cfg)
	var stopped *errInterrupted
	if errors.As(err, &stopped) { // it has ended in order
		return nil
	}
	return err
}

// connect gets hold of the client.
func (o *dapOptions) connect(ctx context.Context, cfg *dap.Config) (io.ReadWriteCloser, error) {
	switch {
	case o.stdio: // which are not the programs' then
		cfg.Stdin, cfg.Stdout, cfg.Stderr = nil, nil, nil
		return ownStdio()
	case o.clientAddr != "":
		conn, err := dap.Dial(ctx, o.clientAddr)
		if err != nil {
			return nil, fmt.Errorf("dap: no client is listening at %s: %w", o.clientAddr, err)
		}
		return conn, nil
	}
	l, err := dap.Listen(ctx, o.listen)
	if err != nil {
		return nil, fmt.Errorf("dap: cannot listen at %s: %w", o.listen, err)
	}
	defer l.Close() // one client is served
	o.announce(l.Addr())
	return dap.Accept(ctx, l, o.sameUser, o.logger)
}

// announce prints the line that clients wait for. They look for it at the beginning of
// what is printed, or sent to --log-dest.
func (o *dapOptions) announce(at net.Addr) {
	out := io.Writer(os.Stdout)
	if o.dest != nil {
		out = o.dest
	}
	fmt.Fprintf(out, "DAP server listening at: %s\n", at)
	if tcp, ok := at.(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		fmt.Fprintln(os.Stderr, "argus: dap: whoever reaches this port from another machine can run programs here as you: nothing asks for a password")
	}
}

// ownStdio takes standard input and output for the protocol. Whatever else is printed
// here, by mistake, goes to standard error.
func ownStdio() (io.ReadWriteCloser, error) {
	in, err := dupFile(os.Stdin)
	if err != nil {
		return nil, err
	}
	out, err := dupFile(os.Stdout)
	if err != nil {
		return nil, err
	}
	os.Stdout = os.Stderr
	return dap.Stdio(in, out), nil
}
