package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// prelude is what every script for GDB begins with: as fast as it can be, and with the
// runtime's own signal passed on.
const prelude = `set pagination off
set confirm off
set width 0
set startup-with-shell off
set debuginfod enabled off
set print thread-events off
handle SIGURG SIGCHLD SIGPIPE nostop noprint pass
`

// runGDB has GDB execute a script, and returns what that printed.
func runGDB(ctx context.Context, with *setting, script string) (string, error) {
	path, err := exec.LookPath("gdb")
	if err != nil {
		return "", cannot("it is not installed")
	}
	file := filepath.Join(with.Scratch, "script.gdb")
	if err := os.WriteFile(file, []byte(prelude+script), 0o600); err != nil {
		return "", err
	}
	out, err := exec.CommandContext(ctx, path, "-q", "-nx", "-batch", "-iex", "set auto-load off", "-x", file).CombinedOutput()
	if strings.Contains(string(out), "Python scripting is not supported") {
		return "", cannot("it is built without Python")
	}
	if err != nil {
		return "", fmt.Errorf("gdb: %w: %s", err, lastLine(string(out)))
	}
	return string(out), nil
}

// lastLine is the last line of a text that is not empty.
func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// gdb does it with GDB. Where there is to be no debug register it steps through the
// program.
func (h hits) gdb(ctx context.Context, with *setting) (sample, error) {
	script, err := h.script(with)
	if err != nil {
		return sample{}, err
	}
	out, err := runGDB(ctx, with, script)
	if err != nil {
		return sample{}, err
	}
	if !strings.Contains(out, "exited normally") {
		before, _, _ := strings.Cut(out, "\nNum ") // what info breakpoints prints
		return sample{}, fmt.Errorf("gdb: the program was to run to its end: %s", lastLine(before))
	}
	told := countless
	switch h.kind {
	case conditionRare, hitCount, logPoint: // it does not count what is false
		told = alreadyHit(out)
	}
	return with.result(told, h.expected)
}

// script is what GDB is to do.
func (h hits) script(with *setting) (string, error) {
	args := with.hot(h)
	script := fmt.Sprintf("file %s\nset args %s\ntbreak main.main\nrun\n", args[0], strings.Join(args[1:], " "))
	v := "'main.x'"
	if h.line {
		v = "v"
		pc, err := with.pc()
		if err != nil {
			return "", err
		}
		if h.kind == logPoint {
			script += fmt.Sprintf("dprintf *%#x,\"%%ld\\n\",v\n", pc)
		} else {
			script += fmt.Sprintf("break *%#x\n", pc)
		}
	} else {
		if h.guarded {
			v = "'main.guarded'.V"
			// It takes a millisecond and more for an instruction: not before the clock runs.
			script += fmt.Sprintf("tbreak main.hit%s\ncontinue\ntbreak main.hit%[1]s\ncontinue\nset can-use-hw-watchpoints 0\n", h.what)
		}
		script += "watch " + v + "\n"
	}
	switch h.kind {
	case conditionFalse:
		script += fmt.Sprintf("condition $bpnum %s == %d\n", v, never)
	case conditionRare:
		script += fmt.Sprintf("condition $bpnum %s %% 1000 == 0\ncommands $bpnum\nsilent\ncontinue\nend\n", v)
	case hitCount:
		script += fmt.Sprintf("ignore $bpnum %d\n", 1<<30) // its counts are of 32 bits
	}
	return script + "continue\ninfo breakpoints\n", nil
}

var hitTimes = regexp.MustCompile(`already hit (\d+) time`)

// alreadyHit is how often a breakpoint was reached, as GDB says.
func alreadyHit(out string) (n uint64) {
	if m := hitTimes.FindStringSubmatch(out); m != nil {
		n, _ = strconv.ParseUint(m[1], 10, 64) // digits
	}
	return n
}

// clocks is Python for GDB: spent is the time that has passed, and what processors have
// spent of it on GDB and on the program, in nanoseconds.
const clocks = `python
import gdb, time
def spent():
    cpu, pid = time.process_time(), gdb.selected_inferior().pid
    if pid: cpu += time.clock_gettime(~pid << 3 | 2) # CPUCLOCK_SCHED of the process
    return time.monotonic() * 1e9, cpu * 1e9
end
`

// timedGDB has GDB execute a script that prints "RESULT", the time that passed or what
// else is the value, and the processor time.
func timedGDB(ctx context.Context, with *setting, script string) (sample, error) {
	out, err := runGDB(ctx, with, clocks+script)
	if err != nil {
		return sample{}, err
	}
	_, after, ok := strings.Cut(out, "RESULT ")
	if !ok {
		return sample{}, errors.New("gdb: " + lastLine(out))
	}
	var s sample
	if _, err := fmt.Sscanf(after, "%g %g\n", &s.Value, &s.CPU); err != nil {
		return sample{}, fmt.Errorf("gdb: %w", err)
	}
	return s, nil
}
