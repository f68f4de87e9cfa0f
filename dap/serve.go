package dap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// unixPrefix tells paths of Unix sockets from addresses, as with Delve.
const unixPrefix = "unix:"

// Listen opens an address where clients are to be waited for: HOST:PORT, or "unix:" and a
// path. A Unix socket is for its owner only, from the moment that it is there.
func Listen(ctx context.Context, addr string) (net.Listener, error) {
	path, isUnix := strings.CutPrefix(addr, unixPrefix)
	if !isUnix {
		return new(net.ListenConfig).Listen(ctx, "tcp", addr)
	}
	lc := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) (err error) {
		// The mode of a socket becomes that of the file which bind makes (net/unix/af_unix.c,
		// unix_bind_bsd). A chmod afterwards would be a moment too late.
		if ctl := c.Control(func(fd uintptr) { err = unix.Fchmod(int(fd), 0o600) }); ctl != nil {
			return ctl
		}
		return err
	}}
	l, err := lc.Listen(ctx, "unix", path)
	if errors.Is(err, unix.EADDRINUSE) {
		return nil, fmt.Errorf("%w: remove the file, if no other server is listening there", err)
	}
	return l, err
}

// Dial connects to a client that waits for the server: HOST:PORT, or "unix:" and a path.
func Dial(ctx context.Context, addr string) (net.Conn, error) {
	if path, isUnix := strings.CutPrefix(addr, unixPrefix); isUnix {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}
	return new(net.Dialer).DialContext(ctx, "tcp", addr)
}

// Accept waits for a client. With sameUser, who connects from this machine as another user
// is turned away, and it waits on. log may be nil. When ctx ends, so does l.
func Accept(ctx context.Context, l net.Listener, sameUser bool, log *slog.Logger) (net.Conn, error) {
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	for {
		conn, err := l.Accept()
		if err != nil {
			if ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			return nil, err
		}
		if !sameUser {
			return conn, nil
		}
		if err := checkUser(conn, os.Getuid()); err != nil {
			if log != nil {
				log.Warn("a connection is refused", "from", conn.RemoteAddr(), "error", err)
			}
			_ = conn.Close()
			continue
		}
		return conn, nil
	}
}

// Stdio makes a connection of two files, such as standard input and output.
func Stdio(in io.ReadCloser, out io.WriteCloser) io.ReadWriteCloser { return &stdio{in, out} }

type stdio struct {
	io.ReadCloser
	io.WriteCloser
}

// Close closes both: whoever reads is woken, where the file can do that.
func (s *stdio) Close() error { return errors.Join(s.ReadCloser.Close(), s.WriteCloser.Close()) }
