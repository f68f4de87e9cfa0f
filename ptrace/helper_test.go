package ptrace

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// helperMode is the environment variable by which the test binary is told to be
// another process of a test.
const helperMode = "ARGUS_PTRACE_HELPER"

// help is what a helper process does. It says one line and waits for its end.
func help(mode string) {
	g := NewTracees(NewTracer())
	say := func(format string, args ...any) { fmt.Printf(format+"\n", args...) }
	arg := os.Args[1]
	switch mode {
	case "launch": // and run a program
		_ = g.Tracer().Do(func() {
			p, err := g.Launch(LaunchConfig{Path: arg, Args: []string{"target", "busy", "2"}})
			if err == nil {
				err = g.ResumeAll()
			}
			if err != nil {
				say("%v", err)
				return
			}
			say("%d", p.PID)
			for err == nil {
				var ev Event
				if ev, err = g.Wait(); err == nil && ev.Thread != nil {
					err = g.Resume(ev.Thread)
				}
			}
		})
	case "attach":
		pid, _ := strconv.Atoi(arg)
		_ = g.Tracer().Do(func() {
			if _, err := g.Attach(pid); err != nil {
				say("%v", err)
				return
			}
			say("attached")
		})
	case "safe": // stop and resume for ever, with nudges and without
		pid, _ := strconv.Atoi(arg)
		_ = g.Tracer().Do(func() {
			g.Safe = true
			_, err := g.Attach(pid)
			if err != nil {
				say("%v", err)
				return
			}
			say("attached")
			for err == nil {
				err = stopAndGo(g, pid)
			}
			say("%v", err)
		})
	case "foreground": // of a terminal: from there, and then from the background
		for range 2 {
			_ = g.Tracer().Do(func() { say("%s", runInForeground(g, arg)) })
		}
	}
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	os.Exit(0)
}

// stopAndGo lets a process run to a nudge of its own, and stops it.
func stopAndGo(g *Tracees, pid int) error {
	if err := g.ResumeAll(); err != nil {
		return err
	}
	if rand.IntN(2) == 0 {
		if err := g.NudgeThread(pid); err != nil {
			return err
		}
		for {
			ev, err := g.Wait()
			if err != nil {
				return err
			}
			if err := g.Resume(ev.Thread); err != nil {
				return err
			}
			if ev.Kind == Nudged {
				break
			}
		}
	}
	for range rand.IntN(5000) {
		runtime.KeepAlive(g)
	}
	if err := g.StopAll(); err != nil {
		return err
	}
	for {
		if _, ok := g.Queued(); !ok {
			return nil
		}
	}
}

func runInForeground(g *Tracees, path string) string {
	p, err := g.Launch(LaunchConfig{Path: path, Args: []string{"target", "read"}, Stdin: os.Stdin, Foreground: true, NewProcessGroup: true})
	if err == nil {
		err = g.ResumeAll()
	}
	for err == nil {
		var ev Event
		ev, err = g.Wait()
		if ev.Kind == ProcessGone {
			return fmt.Sprintf("%v of group %v", ev.Status, unix.Getpgrp() != p.PID)
		}
		if err == nil {
			err = g.Resume(ev.Thread)
		}
	}
	return err.Error()
}

// helper starts the test binary in a mode. It is handed over as a descriptor: an
// ordinary user cannot look into the folder that go test builds it in.
func helper(t testing.TB, mode, arg string, change func(*exec.Cmd)) (*exec.Cmd, *bufio.Reader) {
	t.Helper()
	self, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer self.Close()
	cmd := exec.Command("/proc/self/fd/3", arg)
	cmd.Env = append(os.Environ(), helperMode+"="+mode)
	cmd.ExtraFiles = []*os.File{self}
	if change != nil {
		change(cmd)
	}
	if cmd.Stdin == nil {
		if _, err := cmd.StdinPipe(); err != nil { // kept open: its end ends the helper
			t.Fatal(err)
		}
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end(cmd) })
	return cmd, bufio.NewReader(out)
}

func line(t testing.TB, r *bufio.Reader) string {
	t.Helper()
	s, err := r.ReadString('\n')
	if err != nil {
		t.Fatalf("said %q: %v", s, err)
	}
	return s[:len(s)-1]
}
