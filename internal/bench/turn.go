package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/orphans"
)

// deadline is how long a turn may take.
const deadline = 90 * time.Second

// report is what a turn's process leaves for the one that has started it.
type report struct {
	Sample sample
	Cannot string
	Failed string
}

func (w *setting) reportFile() string { return filepath.Join(w.Scratch, "report") }

// turn takes a measurement in a process of its own. An error is one of the command; what
// the measurement failed of is in the report.
func turn(ctx context.Context, b *benchmark, t tool, with setting) (r report, err error) {
	if with.Scratch, err = os.MkdirTemp("", "argus-bench-turn-"); err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, orphans.End(), os.RemoveAll(with.Scratch)) }()
	text, err := json.Marshal(with)
	if err != nil {
		return r, err
	}
	exe, err := os.Executable()
	if err != nil {
		return r, err
	}
	complaints, err := os.Create(filepath.Join(with.Scratch, "stderr"))
	if err != nil {
		return r, err
	}
	defer complaints.Close()
	timed, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	cmd := exec.CommandContext(timed, exe, "turn", b.name, string(t), string(text))
	cmd.Stderr = complaints
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	ended := cmd.Run()
	switch {
	case ctx.Err() != nil:
		return r, ctx.Err()
	case timed.Err() != nil:
		r.Failed = fmt.Sprintf("it was not over after %v", deadline)
		return r, nil
	}
	if ended != nil {
		r.Failed = ended.Error()
	} else if text, err = os.ReadFile(with.reportFile()); err != nil {
		return r, err
	} else if err = json.Unmarshal(text, &r); err != nil {
		return r, err
	}
	if r.Failed != "" {
		// It may be this process or the program that has said why.
		text, err := os.ReadFile(complaints.Name())
		if err != nil {
			return r, err
		}
		if why := firstLine(string(text)); why != "" {
			r.Failed += ": " + why
		}
	}
	return r, nil
}

// takeTurn is what the process does: the arguments are those behind "turn".
func takeTurn(args []string) error {
	if len(args) != 3 {
		return errors.New("turn CASE TOOL SETTING is for this command itself")
	}
	var with setting
	if err := json.Unmarshal([]byte(args[2]), &with); err != nil {
		return err
	}
	all := cases()
	i := slices.IndexFunc(all, func(b benchmark) bool { return b.name == args[0] })
	if i < 0 || all[i].run[tool(args[1])] == nil {
		return fmt.Errorf("there is no %s of %s", args[0], args[1])
	}
	if !all[i].any {
		if err := oneProcessor(); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	s, err := all[i].run[tool(args[1])](ctx, &with)
	r := report{Sample: s}
	if c := (*cannotError)(nil); errors.As(err, &c) {
		r.Cannot = c.reason
	} else if err != nil {
		r.Failed = err.Error()
	}
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return os.WriteFile(with.reportFile(), text, 0o600)
}

// oneProcessor keeps this process, and what it starts, on the first processor that it may
// use.
func oneProcessor() error {
	var allowed, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &allowed); err != nil {
		return err
	}
	for cpu := 0; one.Count() == 0; cpu++ {
		if allowed.IsSet(cpu) {
			one.Set(cpu)
		}
	}
	for range 2 { // a thread may have been started meanwhile by one that was not yet moved
		tasks, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return err
		}
		for _, task := range tasks {
			tid, err := strconv.Atoi(task.Name())
			if err != nil {
				return err
			}
			if err := unix.SchedSetaffinity(tid, &one); err != nil && err != unix.ESRCH {
				return err
			}
		}
	}
	return nil
}
