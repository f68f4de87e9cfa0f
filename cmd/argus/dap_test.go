package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/dap"
)

// gone fails the test if a server does not end within a second, in order: VS Code sends it
// SIGINT then (FACTS H1).
func (p *proc) gone() {
	p.t.Helper()
	began := time.Now()
	if status := p.wait(); status != 0 {
		p.t.Errorf("status %d\n%s", status, &p.stderr)
	}
	if took := time.Since(began); took > time.Second && raceFlag == "" {
		p.t.Errorf("it took %v to end", took)
	}
	p.left()
}

// How the editors that we know start the server, and that it is there within the time they
// give it (FACTS H1, H4).
func TestDAPAsEditorsStartIt(t *testing.T) {
	for name, args := range map[string][]string{
		"vscode":   {"dap", "--listen=127.0.0.1:0", "--log-dest=3"},
		"logging":  {"dap", "--check-go-version=false", "--log=true", "--log-output=debugger,dap", "--listen=127.0.0.1:0", "--log-dest=3"},
		"nvim":     {"dap", "-l", "127.0.0.1:0"},
		"dape":     {"dap", "--listen", "127.0.0.1:0"},
		"headless": {"dap", "--headless", "--listen", "127.0.0.1:0", "--api-version=2", "--accept-multiclient", "--only-same-user=true", "--log"},
	} {
		t.Run(name, func(t *testing.T) {
			p := command(t, args...)
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			log := newLineReader(t, r)
			toLog := slices.Contains(args, "--log-dest=3")
			if toLog {
				p.ExtraFiles = []*os.File{w} // as file descriptor 3
			}
			began := time.Now()
			p.start()
			_ = w.Close()
			lines := p.stdout
			if toLog {
				lines = log
			}
			c := dialDAP(t, first(lines))
			if took := time.Since(began); took > 500*time.Millisecond && raceFlag == "" { // Helix waits that long
				t.Logf("listening after %v", took)
			}
			pid := c.launch()
			for _, fd := range []string{"3", "4", "5"} { // what is ours is not the program's
				if to, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", pid, fd)); err == nil && strings.HasPrefix(to, "pipe:") {
					t.Errorf("the program has file %s: %s", fd, to)
				}
			}
			c.disconnect()
			p.gone()
			if unix.Kill(pid, 0) == nil {
				t.Error("the program is left")
			}
		})
	}
}

// Other ways to reach each other.
func TestDAPTransports(t *testing.T) {
	t.Run("unix", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "s")
		p := command(t, "dap", "--listen=unix:"+path).start()
		line := first(p.stdout)
		if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", st, err)
		}
		c := dialDAP(t, line)
		c.launch()
		c.disconnect()
		p.gone()
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("%s is left behind: %v", path, err)
		}
	})
	t.Run("client-addr", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		_, port, _ := net.SplitHostPort(l.Addr().String())
		p := command(t, "dap", "--client-addr=:"+port).start() // as VS Code writes it
		conn, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		c := newDAPClient(t, conn)
		c.launch()
		c.disconnect()
		p.gone()
	})
	t.Run("stdio", func(t *testing.T) {
		p := command(t, "dap", "--stdio")
		fromServer, stdout, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		stdin, toServer, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		p.Stdin, p.Stdout = stdin, stdout
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		_, _ = stdin.Close(), stdout.Close()
		c := newDAPClient(t, struct {
			io.Reader
			io.WriteCloser
		}{fromServer, toServer})
		c.ask("initialize", nil, "")
		// What the program writes must not get among the messages: it is sent as an event.
		c.ask("launch", map[string]any{"mode": "exec", "program": targetPath, "args": []string{"never"}}, "initialized")
		for out := ""; !strings.Contains(out, "ready"); {
			if c.seq < 3 {
				out, _ = c.ask("configurationDone", nil, "output")["output"].(string)
			} else {
				out, _ = c.ask("cancel", nil, "output")["output"].(string)
			}
		}
		c.disconnect()
		p.gone()
	})
}

// However the server ends, a program that it has launched ends too.
func TestDAPSignals(t *testing.T) {
	for _, sig := range []unix.Signal{unix.SIGTERM, unix.SIGINT, unix.SIGHUP, unix.SIGKILL} {
		for _, noDebug := range []bool{false, true} {
			t.Run(fmt.Sprintf("%v noDebug=%v", sig, noDebug), func(t *testing.T) {
				p := command(t, "dap").start()
				c := dialDAP(t, first(p.stdout))
				var pid int
				if noDebug {
					c.ask("launch", map[string]any{"mode": "exec", "program": targetPath, "args": []string{"never"}, "noDebug": true}, "")
					p.stdout.until("ready")
					pid = child(t, p.Process.Pid)
				} else {
					pid = c.launch()
				}
				if err := p.Process.Signal(sig); err != nil {
					t.Fatal(err)
				}
				want := 0
				if sig == unix.SIGKILL {
					want = 128 + int(sig)
				}
				if status := p.wait(); status != want {
					t.Errorf("status %d\n%s", status, &p.stderr)
				}
				eventually(t, "the program ends", func() bool { return unix.Kill(pid, 0) != nil })
			})
		}
	}
	// Also while nobody has come yet.
	p := command(t, "dap").start()
	first(p.stdout)
	if err := p.Process.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if status := p.wait(); status != statusOfSignal(unix.SIGTERM) {
		t.Errorf("status %d\n%s", status, &p.stderr)
	}
}

// child is the only child of a process.
func child(t *testing.T, pid int) int {
	t.Helper()
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range tasks {
		text, _ := os.ReadFile(f)
		for _, word := range strings.Fields(string(text)) {
			id, err := strconv.Atoi(word)
			if err != nil {
				t.Fatal(err)
			}
			return id
		}
	}
	t.Fatalf("process %d has no child", pid)
	return 0
}

// The log has the protocol if that is asked for, and goes where it is to go.
func TestDAPLog(t *testing.T) {
	dest := filepath.Join(t.TempDir(), "log")
	p := command(t, "dap", "--log", "--log-output=dap", "--log-dest="+dest).start()
	var line string
	eventually(t, "the server listens", func() bool {
		text, _ := os.ReadFile(dest)
		first, _, whole := strings.Cut(string(text), "\n")
		line = first
		return whole
	})
	c := dialDAP(t, line)
	c.disconnect()
	p.gone()
	text, err := os.ReadFile(dest)
	if err != nil || !regexp.MustCompile(`level=DEBUG msg="from client" .*disconnect`).Match(text) || !strings.Contains(string(text), "to client") {
		t.Errorf("%v\n%s", err, text)
	}
}

func TestDAPMistakes(t *testing.T) {
	for want, args := range map[string][]string{
		"argus: dap: --log-output without --log: nothing would be logged\n":                            {"--log-output=dap"},
		"argus: dap: --log-dest: 77 is not an open file descriptor\n":                                  {"--log-dest=77"},
		"argus: dap: takes no arguments: the editor says what is debugged (see argus dap --help)\n":    {"./program"},
		"argus: dap: --listen, --client-addr and --stdio exclude each other (see argus dap --help)\n":  {"--stdio", "--listen=:0"},
		"argus: dap: cannot listen at nowhere: listen tcp: address nowhere: missing port in address\n": {"--listen=nowhere"},
		"argus: dap: --log-dest: open /no/such/dir/log: no such file or directory\n":                   {"--log-dest=/no/such/dir/log"},
	} {
		r := runArgus(t, append([]string{"dap"}, args...)...)
		if r.stderr != want || r.stdout != "" || r.status != statusFailed {
			t.Errorf("%v: status %d\n got %q\nwant %q", args, r.status, r.stderr, want)
		}
	}
	if r := runArgus(t, "dap", "--client-addr=127.0.0.1:1"); r.status != statusFailed || !strings.HasPrefix(r.stderr, "argus: dap: no client is listening at 127.0.0.1:1: ") {
		t.Errorf("status %d, %q", r.status, r.stderr)
	}
}

// The helper tells where this module is, and the standard library.
func TestGuessHelper(t *testing.T) {
	p := command(t, "substitute-path-guess-helper")
	p.Dir = "testdata/target"
	r := finish(p)
	var d dap.SourceDirs
	if err := json.Unmarshal([]byte(r.stdout), &d); err != nil || r.status != 0 {
		t.Fatalf("%v, status %d: %s%s", err, r.status, r.stdout, r.stderr)
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	if d.ClientModuleDirectories["github.com/argusdbg/argus"] != root || !filepath.IsAbs(d.ClientGOROOT) || d.ClientModuleDirectories["github.com/google/go-dap"] == "" {
		t.Errorf("%+v", d)
	}
	if d.ImportPathOfMainPackage != "" { // there are many here
		t.Error(d.ImportPathOfMainPackage)
	}
}

// In an editor's terminal the program has what is typed: Ctrl-C ends it, and not the
// server, which tells how it has ended.
func TestDAPInTerminal(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, noDebug := range []bool{false, true} {
		p, terminal := onTerminal(t, nil, "dap", "--client-addr="+l.Addr().String())
		conn, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		c := newDAPClient(t, conn)
		c.ask("initialize", nil, "")
		c.ask("launch", map[string]any{"mode": "exec", "program": targetPath, "args": []string{"never"}, "noDebug": noDebug}, "")
		if !noDebug {
			c.ask("configurationDone", nil, "")
		}
		p.stdout.until("ready")
		if _, err := terminal.WriteString("\x03"); err != nil {
			t.Fatal(err)
		}
		if code := c.event("exited")["exitCode"]; code != float64(statusOfSignal(unix.SIGINT)) {
			t.Errorf("noDebug %v: exit code %v", noDebug, code)
		}
		c.disconnect()
		p.gone()
	}
}
