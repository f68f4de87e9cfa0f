package gobuild

import (
	"bufio"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// stuck lays a compiler that writes its process id into a fifo and never ends,
// and returns its flag and the fifo.
func stuck(t *testing.T, script string) (flag, fifo string) {
	dir := lay(t, map[string]string{"compiler": "#!/bin/sh\n" + script})
	fifo = filepath.Join(dir, "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "compiler"), 0o755); err != nil {
		t.Fatal(err)
	}
	return "-toolexec=" + filepath.Join(dir, "compiler") + " " + fifo, fifo
}

func TestCancelEndsBuild(t *testing.T) {
	const (
		// The go command asks each tool for its version before it builds anything.
		versions = "for last; do :; done\nif [ $last = -V=full ]; then shift; exec \"$@\"; fi\n"
		deaf     = "trap '' INT\n"
		sleep    = "echo $$ >$1\nexec sleep 600\n"
	)
	for name, script := range map[string]string{
		"before building":            sleep,
		"before building, deaf tool": deaf + sleep,
		"building":                   versions + sleep,
		"building, deaf tool":        versions + deaf + sleep,
	} {
		t.Run(name, func(t *testing.T) {
			dir := shop(t)
			flag, fifo := stuck(t, script)
			t.Setenv("GOTMPDIR", cleanTemp(t))
			ctx, cancel := context.WithTimeoutCause(t.Context(), 30*time.Second, errors.New("the build never began"))
			defer cancel()
			why := errors.New("the user left")
			ctx, leave := context.WithCancelCause(ctx)
			pid := make(chan int, 1)
			go func() {
				f, err := os.Open(fifo) // returns when the compiler runs
				if err != nil {
					leave(err)
					return
				}
				defer f.Close()
				line, _ := bufio.NewReader(f).ReadString('\n')
				n, _ := strconv.Atoi(strings.TrimSpace(line))
				pid <- n
				leave(why)
			}()
			p, err := Resolve(ctx, "./cmd/till", Options{Dir: dir, BuildFlags: []string{flag}})
			if !errors.Is(err, why) || p != nil {
				t.Fatalf("%v %v, want %v", p, err, why)
			}
			// Killed, it may be a zombie for as long as nobody reaps it; running it is not.
			if n := <-pid; n <= 0 || alive(t, n) {
				t.Errorf("the compiler, process %d, is still running", n)
			}
		})
	}
}

// alive reports whether the process is there and neither dead nor dying.
func alive(t *testing.T, pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	_, rest, ok := strings.Cut(string(stat), ") ")
	if !ok || len(rest) == 0 {
		t.Fatalf("cannot read %q", stat)
	}
	if strings.ContainsRune("ZX", rune(rest[0])) {
		return false
	}
	// SIGKILL has been sent but may not have been taken yet; a pidfd tells when.
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 5000)
	return err != nil || n == 0
}

// quitter is a reader that goes away after the first line.
type quitter struct{ lines int }

func (q *quitter) Write(b []byte) (int, error) {
	q.lines++
	return 0, unix.EPIPE
}

func TestHead(t *testing.T) {
	q := &quitter{}
	h := head{to: q}
	big := strings.Repeat("x", headSize-1)
	for _, s := range []string{big, "yz", "more"} {
		if n, err := h.Write([]byte(s)); n != len(s) || err != nil {
			t.Errorf("%d %v", n, err)
		}
	}
	if h.String() != big+"y" {
		t.Errorf("kept %d bytes", len(h.String()))
	}
	if q.lines != 1 {
		t.Errorf("wrote %d times to a reader that went away", q.lines)
	}
}

func TestOutputHeldOpen(t *testing.T) {
	dir := lay(t, map[string]string{"go": "#!/bin/sh\nsleep 600 &\necho $!\n"})
	if err := os.Chmod(filepath.Join(dir, "go"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	var out head
	err := runGo(t.Context(), Options{}, target{dir: dir}, &out, &out, nil, nil)
	pid, _ := strconv.Atoi(strings.TrimSpace(out.String()))
	if pid <= 0 {
		t.Fatalf("no process id in %q, %v", &out, err)
	}
	if kerr := unix.Kill(pid, unix.SIGKILL); kerr != nil {
		t.Errorf("the process that held the pipe is gone: %v", kerr)
	}
	if err != nil {
		t.Errorf("the go command succeeded, yet: %v", err)
	}
}
