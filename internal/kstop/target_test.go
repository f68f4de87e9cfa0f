package kstop

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/testkit"
)

// role is the environment variable by which the test binary is told to be another
// process of a test.
const role = "ARGUS_KSTOP_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(role) {
	case "target":
		beTarget()
	case "debugger":
		beDebugger(os.Args[1:])
	case "stranger":
		_, err := Load()
		fmt.Println(err)
	case "namespace":
		fmt.Println(lookFromNamespace(os.Args[1]))
	default:
		testkit.Main(m)
	}
}

// program is a target: it says "ready" with the addresses of a variable and of a
// function that its threads work on, and for every line it reads how far it has come.
type program struct {
	t          testing.TB
	cmd        *exec.Cmd
	in         io.WriteCloser
	out        *bufio.Reader
	data, code uint64
	said       bytes.Buffer // on stderr, to be read when it has ended
}

func begin(t testing.TB, cmd *exec.Cmd) *program {
	t.Helper()
	p := &program{t: t, cmd: cmd}
	var err error
	if p.in, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewReader(out)
	cmd.Stderr = &p.said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.end)
	w, err := p.words()
	if err != nil || len(w) != 2 {
		t.Fatalf("%v: %v, %v", cmd.Args, w, err)
	}
	p.data, p.code = w[0], w[1]
	return p
}

func beginC(t testing.TB, args ...string) *program {
	t.Helper()
	path := testkit.C(t, "kstop", targetSource, "-O1", "-no-pie", "-static", "-fcf-protection=none")
	return begin(t, exec.Command(path, args...))
}

// self is the test binary in a role.
func self(as string, args ...string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.Env = append(os.Environ(), role+"="+as)
	return cmd
}

// words reads a line of numbers.
func (p *program) words() (w []uint64, err error) {
	line, err := p.out.ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("the target said %q: %w (%c)", line, err, testkit.State(p.pid()))
	}
	for _, f := range strings.Fields(line) {
		n, err := strconv.ParseUint(f, 0, 64)
		if err != nil {
			return nil, fmt.Errorf("the target said %q", line)
		}
		w = append(w, n)
	}
	return w, nil
}

// ask has the target say how far it has come.
func (p *program) ask() []uint64 {
	p.t.Helper()
	w, err := p.tryAsk()
	if err != nil {
		p.t.Fatal(err)
	}
	return w
}

func (p *program) tryAsk() ([]uint64, error) {
	if _, err := io.WriteString(p.in, "\n"); err != nil {
		return nil, fmt.Errorf("the target is gone: %w (%c)", err, testkit.State(p.pid()))
	}
	return p.words()
}

func (p *program) pid() int { return p.cmd.Process.Pid }

func (p *program) end() {
	_ = p.cmd.Process.Kill()
	_ = p.in.Close()
	_ = p.cmd.Wait()
}

var (
	watched atomic.Uint64
	placed  [8]uint64
)

//go:noinline
func place(i int) { placed[i]++ }

// beTarget is a Go program with threads, signals and collections: it says how far each
// goroutine, the collector and the signals have come. Each signal is waited for.
func beTarget() {
	const workers = 3
	var done [workers]atomic.Uint64
	for i := range workers {
		go func() {
			for n := uint64(1); ; n++ {
				watched.Store(n)
				place(i)
				done[i].Store(n)
				if n%64 == 0 {
					sink.Store(new([512]byte))
				}
			}
		}()
	}
	var cycles, signals atomic.Uint64
	go func() {
		for {
			runtime.GC()
			cycles.Add(1)
		}
	}()
	got := make(chan os.Signal, 1)
	signal.Notify(got, unix.SIGUSR1)
	go func() {
		for {
			_ = unix.Kill(unix.Getpid(), unix.SIGUSR1)
			<-got
			signals.Add(1)
		}
	}()
	fmt.Printf("%#x %#x\n", reflect.ValueOf(&watched).Pointer(), reflect.ValueOf(place).Pointer())
	for in := bufio.NewReader(os.Stdin); ; {
		if _, err := in.ReadString('\n'); err != nil {
			os.Exit(0)
		}
		for i := range done {
			fmt.Print(done[i].Load(), " ")
		}
		fmt.Println(cycles.Load(), signals.Load())
	}
}

var sink atomic.Pointer[[512]byte]

const targetSource = `
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

volatile long x __attribute__((aligned(64)));
volatile long done[4], sent, got, lost, caught, unknown;
long rounds;
char buffer[256] __attribute__((aligned(64)));

__attribute__((noinline, noclone)) void place(void) { asm volatile("nop"); }

static void *stores(void *i) {
	for (long n = 1; !rounds || n <= rounds; n++) { x = n; place(); done[(long)i] = n; }
	return 0;
}
static void note(int signo) { got++; }
static void catch(int signo) { __atomic_add_fetch(&caught, 1, __ATOMIC_SEQ_CST); }
/* of no known cause: see ptrace.TrapUnknown. Anything else is deadly. */
static void trap(int signo, siginfo_t *si, void *u) {
	if (si->si_code == 1) __atomic_add_fetch(&unknown, 1, __ATOMIC_SEQ_CST);
	else { signal(SIGTRAP, SIG_DFL); raise(SIGTRAP); }
}
static void *signals(void *i) { /* a signal to oneself arrives before the call returns */
	for (;;) {
		sent++;
		syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR1);
		if (got != sent) { lost++; sent = got; }
	}
}
static void *reads(void *i) {
	int zero = open("/dev/zero", O_RDONLY);
	for (long n = 1;; n++) {
		if (read(zero, buffer, sizeof buffer) != sizeof buffer) lost++;
		done[(long)i] = n;
	}
}
static void await(void) { char c; do if (read(0, &c, 1) != 1) _exit(0); while (c != '\n'); }
static void block(int signo) {
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, signo);
	pthread_sigmask(SIG_BLOCK, &set, 0);
}

/* live: two threads store, one signals itself, one reads, for ever
   stores N K: K threads store N times each, after a line
   read N: reads N times into what is watched, after a line
   blocked N, both N: as stores N 1, with SIGCHLD blocked, or SIGURG too */
int main(int argc, char **argv) {
	pthread_t id[8];
	long k = 1;
	struct sigaction sa = {.sa_sigaction = trap, .sa_flags = SA_SIGINFO};
	sigaction(SIGTRAP, &sa, 0);
	setvbuf(stdout, 0, _IOLBF, 0);
	signal(SIGUSR1, note);
	signal(SIGCHLD, catch);
	if (!strcmp(argv[1], "live")) {
		signal(SIGCHLD, SIG_DFL);
		for (long i = 0; i < 2; i++) pthread_create(&id[i], 0, stores, (void *)i);
		pthread_create(&id[2], 0, reads, (void *)2);
		pthread_create(&id[3], 0, signals, 0);
		printf("%p %p\n", (void *)&x, (void *)place);
		for (;;) {
			await();
			if (lost) { printf("lost\n"); continue; }
			printf("%ld %ld %ld %ld\n", done[0], done[1], done[2], got);
		}
	}
	rounds = atol(argv[2]);
	if (argc > 3) k = atol(argv[3]);
	if (!strcmp(argv[1], "blocked") || !strcmp(argv[1], "both")) block(SIGCHLD);
	if (!strcmp(argv[1], "both")) block(SIGURG);
	printf("%p %p\n", !strcmp(argv[1], "read") ? (void *)buffer : (void *)&x, (void *)place);
	await();
	if (!strcmp(argv[1], "read")) {
		int zero = open("/dev/zero", O_RDONLY);
		while (rounds--) if (read(zero, buffer, sizeof buffer) != sizeof buffer) lost++;
	} else {
		for (long i = 1; i < k; i++) pthread_create(&id[i], 0, stores, (void *)i);
		stores(0);
		for (long i = 1; i < k; i++) pthread_join(id[i], 0);
	}
	printf("%ld %ld %ld\n", lost, caught, unknown);
	await();
	return 0;
}
`
