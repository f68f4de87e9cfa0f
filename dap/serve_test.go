package dap

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-dap"
)

func TestListenUnix(t *testing.T) {
	old := syscall.Umask(0) // nothing but our own care keeps others out
	defer syscall.Umask(old)
	path := filepath.Join(t.TempDir(), "s")
	l, err := Listen(t.Context(), "unix:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	st, err := os.Stat(path)
	if err != nil || st.Mode() != os.ModeSocket|0o600 {
		t.Errorf("%v, %v", st.Mode(), err)
	}
	if _, err := Listen(t.Context(), "unix:"+path); err == nil || !strings.Contains(err.Error(), "remove the file") {
		t.Errorf("a second: %v", err)
	}
	go func() {
		if conn, err := Dial(context.Background(), "unix:"+path); err == nil {
			_ = conn.Close()
		}
	}()
	conn, err := Accept(t.Context(), l, true, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); err != io.EOF {
		t.Error(err)
	}
	_ = l.Close()
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the file is left behind: %v", err)
	}
}

// Accept ends with its context.
func TestAcceptEnds(t *testing.T) {
	l, err := Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	if _, err := Accept(ctx, l, true, nil); err != why {
		t.Error(err)
	}
}

// Another user of this machine is turned away, and the one who comes then is served; with
// sameUser off anybody is.
func TestAcceptSameUser(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can be another user too")
	}
	dir := t.TempDir()
	for _, addr := range []string{"127.0.0.1:0", "[::1]:0", "unix:" + filepath.Join(dir, "s")} {
		l, err := Listen(t.Context(), addr)
		if err != nil {
			if strings.HasPrefix(addr, "[") {
				continue // no IPv6 here
			}
			t.Fatal(err)
		}
		defer l.Close()
		if path, ok := strings.CutPrefix(addr, "unix:"); ok { // let it past the mode of the file, too
			if err := errors.Join(os.Chmod(path, 0o666), os.Chmod(dir, 0o755), os.Chmod(filepath.Dir(dir), 0o755)); err != nil {
				t.Fatal(err)
			}
		}
		nobody := func() <-chan string {
			heard := make(chan string, 1)
			cmd := exec.Command(lifeTarget(t), "dial", l.Addr().Network(), l.Addr().String())
			cmd.Dir = "/"
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
			go func() {
				out, err := cmd.CombinedOutput()
				if err != nil {
					out = append(out, err.Error()...)
				}
				heard <- string(out)
			}()
			return heard
		}
		served := make(chan error, 1)
		go func() {
			conn, err := Accept(context.Background(), l, true, nil)
			if err == nil {
				_, err = conn.Write([]byte("welcome"))
				_ = conn.Close()
			}
			served <- err
		}()
		if heard := <-nobody(); !strings.HasPrefix(heard, `heard "", `) {
			t.Errorf("%s: another user: %s", addr, heard)
		}
		us, err := net.Dial(l.Addr().Network(), l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if heard, err := io.ReadAll(us); err != nil || string(heard) != "welcome" {
			t.Errorf("%s: we: %q, %v", addr, heard, err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
		heard := nobody()
		conn, err := Accept(t.Context(), l, false, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = conn.Write([]byte("hello"))
		_ = conn.Close()
		if heard := <-heard; !strings.HasPrefix(heard, `heard "hello"`) {
			t.Errorf("%s: another user, let in: %s", addr, heard)
		}
	}
}

// Standard input and output are a connection like any other.
func TestStdio(t *testing.T) {
	fromUs, toServer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	fromServer, toUs, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan error, 1)
	go func() { over <- Serve(context.Background(), Stdio(fromUs, toUs), Config{}) }()
	if err := dap.WriteBaseMessage(toServer, []byte(`{"seq":1,"type":"request","command":"initialize"}`)); err != nil {
		t.Fatal(err)
	}
	_ = toServer.Close()
	heard, err := io.ReadAll(fromServer)
	if err != nil || !strings.Contains(string(heard), `"success":true,"command":"initialize"`) {
		t.Errorf("%q, %v", heard, err)
	}
	if err := <-over; err != nil {
		t.Error(err)
	}
}
