package backend

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// WaitForOptions are those of WaitFor.
type WaitForOptions struct {
	Interval time.Duration // between two looks at all processes; 0 is a millisecond
	Timeout  time.Duration // 0: as long as the context lasts
}

// WaitTimeoutError says that no process came that was waited for.
type WaitTimeoutError struct {
	Prefix  string
	Timeout time.Duration
}

func (e *WaitTimeoutError) Error() string {
	return fmt.Sprintf("no process came within %v whose command line begins with %q", e.Timeout, e.Prefix)
}

// WaitFor returns the first process that is there, or comes, of which the command line
// (its arguments, joined by spaces) begins with prefix. The caller itself is none.
//
// Errors: [*WaitTimeoutError], that of the context, and those of reading /proc.
func WaitFor(ctx context.Context, prefix string, o WaitForOptions) (pid int, err error) {
	if prefix == "" {
		return 0, fmt.Errorf("wait for a process: every command line begins with nothing: name a program")
	}
	if o.Interval <= 0 {
		o.Interval = time.Millisecond
	}
	if o.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, o.Timeout, &WaitTimeoutError{prefix, o.Timeout})
		defer cancel()
	}
	next := time.NewTicker(o.Interval)
	defer next.Stop()
	for {
		if pid, err := processNamed(prefix); pid != 0 || err != nil {
			return pid, err
		}
		select {
		case <-next.C:
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	}
}

// processNamed finds a process by its command line, 0 if there is none. A process changes
// its command line when it starts a program, so that all are looked at every time.
func processNamed(prefix string) (int, error) {
	dir, err := os.Open("/proc")
	if err != nil {
		return 0, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return 0, err
	}
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil || pid == os.Getpid() {
			continue
		}
		line, err := os.ReadFile(filepath.Join("/proc", name, "cmdline"))
		if err != nil {
			continue // it has ended
		}
		if strings.HasPrefix(strings.ReplaceAll(string(line), "\x00", " "), prefix) {
			return pid, nil
		}
	}
	return 0, nil
}
