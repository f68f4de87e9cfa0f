package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// onTerminal starts argus on a terminal of its own, which the test holds the other end
// of.
func onTerminal(t *testing.T, env []string, args ...string) (*proc, *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { master.Close() })
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(int(master.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 100}); err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprint("/dev/pts/", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	// Ctrl-C throws away what has been written and not yet read, unless told not to.
	settings, err := unix.IoctlGetTermios(int(slave.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	settings.Lflag |= unix.NOFLSH
	if err := unix.IoctlSetTermios(int(slave.Fd()), unix.TCSETS, settings); err != nil {
		t.Fatal(err)
	}
	p := command(t, args...)
	p.Env = append(append(p.Env, "TERM=xterm"), env...)
	p.Stdin, p.Stdout, p.Stderr = slave, slave, slave
	p.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	slave.Close()
	p.stdout = newLineReader(t, master)
	return p, master
}

const counterText = `\d+ hits?(, \d+ reported)?, \d+\.\d s`

// TestTerminal: colours, and a counter that is gone before a line comes.
func TestTerminal(t *testing.T) {
	p, _ := onTerminal(t, nil, "watch", "-w", "main.balance", "../../examples/bank")
	all := strings.Join(p.stdout.rest(), "\n")
	if status := p.wait(); status != 0 {
		t.Fatalf("status %d", status)
	}
	if !strings.Contains(all, "\x1b[36mmain.balance\x1b[0m") {
		t.Errorf("no colours in %q", all)
	}
	counter := regexp.MustCompile(`\r\x1b\[K +\x1b\[2m` + counterText + `\x1b\[0m\r`)
	shown := counter.FindAllStringIndex(all, -1)
	if len(shown) == 0 {
		t.Fatalf("no counter in %q", all)
	}
	for _, at := range shown {
		if next := all[at[1]:]; !strings.HasPrefix(next, "\r\x1b[K") && !strings.HasPrefix(next, "balance: ") && !strings.HasPrefix(next, "overdrawn!") {
			t.Errorf("after the counter: %q", next[:min(len(next), 60)])
		}
	}
	last := all[strings.LastIndex(all, "exited with status 0"):]
	if strings.Contains(last, " hits, ") {
		t.Errorf("a counter behind the end: %q", last)
	}
}

func TestColorFlags(t *testing.T) {
	for _, tc := range []struct {
		env   string
		flag  string
		color bool
	}{
		{"NO_COLOR=1", "auto", false}, {"NO_COLOR=1", "always", true}, {"TERM=dumb", "auto", false}, {"X=", "never", false}, {"X=", "auto", true},
	} {
		p, _ := onTerminal(t, []string{tc.env}, "watch", "-w", "main.x", "--color", tc.flag, scenariosPath, "--", "twice", "2")
		all := strings.Join(p.stdout.rest(), "\n")
		p.wait()
		if got := strings.Contains(all, "\x1b[36mmain.x\x1b[0m"); got != tc.color {
			t.Errorf("%s --color %s: colours %v, in %q", tc.env, tc.flag, got, all)
		}
	}
	for flag, want := range map[string]bool{"auto": false, "always": true} {
		r := runArgus(t, "watch", "-w", "main.x", "--color", flag, scenariosPath, "--", "twice", "2")
		if got := strings.Contains(r.stdout, "\x1b["); got != want {
			t.Errorf("not a terminal, --color %s: colours %v", flag, got)
		}
	}
}

// TestNoCounterWithJSON: JSON on a terminal is JSON.
func TestNoCounterWithJSON(t *testing.T) {
	p, _ := onTerminal(t, nil, "watch", "-w", "main.x", "--json", scenariosPath, "--", "twice", "500")
	if all := events(t, p.stdout.rest()); len(all) != 1002 {
		t.Errorf("%d events", len(all))
	}
	p.wait()
}

// TestKeyboard: Ctrl-C reaches the program from the terminal, and the second kills it.
func TestKeyboard(t *testing.T) {
	p, tty := onTerminal(t, nil, "watch", "-q", "-w", "main.count", targetPath, "--", "stubborn")
	p.stdout.until("ready")
	press := func() { _, _ = tty.Write([]byte{3}) } // an error: it has ended
	// Two that come before Argus has looked are one signal to it: press again then.
	presses, got, all := 1, 0, ""
	press()
	for {
		line, ok := p.stdout.next()
		if !ok {
			break
		}
		all += line + "\n"
		if strings.Contains(line, "got interrupt") {
			got++
			press()
			presses++
		}
	}
	if status := p.wait(); status != 137 || !strings.Contains(all, "target killed by argus, at the second signal") || got > presses || presses < 2 {
		t.Errorf("status %d, %d presses, %d arrived: %q", status, presses, got, all)
	}
	p.left()
}

// TestKeyboardEnds: a program that Ctrl-C ends, while the counter is shown.
func TestKeyboardEnds(t *testing.T) {
	p, tty := onTerminal(t, nil, "watch", "-q", "-w", "main.x", scenariosPath, "--", "forever")
	p.stdout.sep = '\r' // the counter has no other end
	for seen := false; !seen; {
		line, ok := p.stdout.next()
		if !ok {
			t.Fatal("it ended")
		}
		seen = regexp.MustCompile(counterText).MatchString(line)
	}
	if _, err := tty.Write([]byte{3}); err != nil {
		t.Fatal(err)
	}
	rest := strings.Join(p.stdout.rest(), "\n")
	if status := p.wait(); status != 130 || !strings.Contains(rest, "scenarios killed by SIGINT") {
		t.Errorf("status %d: %q", status, rest)
	}
}
