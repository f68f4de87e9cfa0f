package ptrace

import (
	"debug/elf"
	"sync"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// target is the C program of most tests here: its first argument says what it
// does. "ready" on its output says that it has begun.
func target(t testing.TB) string {
	return testkit.C(t, "target", targetSource, "-O1", "-no-pie", "-static", "-fcf-protection=none", "-w")
}

var symbols struct {
	sync.Mutex
	addr map[string]uint64
}

// symbol returns the address of a function or variable of target.
func symbol(t testing.TB, name string) uint64 {
	t.Helper()
	path := target(t)
	symbols.Lock()
	defer symbols.Unlock()
	if symbols.addr == nil {
		f, err := elf.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		all, err := f.Symbols()
		if err != nil {
			t.Fatal(err)
		}
		symbols.addr = map[string]uint64{}
		for _, s := range all {
			symbols.addr[s.Name] = s.Value
		}
	}
	addr := symbols.addr[name]
	if addr == 0 {
		t.Fatalf("the target has no %s", name)
	}
	return addr
}

const targetSource = `
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

volatile long x, y[8], beats, rounds, bad;
volatile int go_on, ngot;
struct got { int signo, code, pid, uid; long value; } got[64];
char buffer[64], blank[8192] __attribute__((aligned(4096)));
char *hole; /* one page, and nothing mapped behind it */

__attribute__((noinline, noclone)) void place(void) { asm volatile("nop"); beats++; }
__attribute__((noinline, noclone)) void store(void) { asm volatile("movq $1, x(%%rip)\n\tnop" ::: "memory"); }

static void ready(void) { write(1, "ready\n", 6); }
static void must(int ok) { if (!ok) _exit(99); }
static void thread(void *(*f)(void *), long arg) {
	pthread_t id;
	pthread_attr_t small;
	pthread_attr_init(&small);
	pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&small, 64 << 10);
	must(pthread_create(&id, &small, f, (void *)arg) == 0);
}
static void handler(int signo, siginfo_t *si, void *u) {
	int n = __atomic_fetch_add(&ngot, 1, __ATOMIC_SEQ_CST);
	if (n < 64) got[n] = (struct got){signo, si->si_code, si->si_pid, si->si_uid, (long)si->si_value.sival_ptr};
}
static void mender(int signo, siginfo_t *si, void *u) { mprotect(hole, 4096, PROT_READ | PROT_WRITE); y[0]++; }
static void *stores(void *n) { for (long i = 0; i < rounds; i++) x = i; return 0; }
static void *all(void *n) { for (long i = 0; i < rounds; i++) for (int k = 0; k < 8; k++) y[k] = i; return 0; }
static void *busy(void *i) { while (!go_on) { y[(long)i]++; place(); } return 0; }
static void *beat(void *i) { __atomic_add_fetch(&beats, 1, __ATOMIC_SEQ_CST); return 0; }
static void *bear(void *i) {
	for (;;) {
		pthread_t id;
		if (pthread_create(&id, 0, beat, 0) == 0) pthread_join(id, 0);
	}
}
static void *relay(void *i) { /* each thread starts the next, and ends */
	__atomic_add_fetch(&beats, 1, __ATOMIC_SEQ_CST);
	thread(relay, 0);
	return 0;
}
static void *idle(void *i) { for (;;) pause(); }
static void *become(void *what) {
	while (!go_on) sched_yield();
	execl("/proc/self/exe", "target", what ? what : "exit", "3", NULL);
	_exit(98);
}
static void await_reaper(void) { /* until the parent is another program */
	char name[64], s[64] = {0};
	sprintf(name, "/proc/%d/cmdline", getppid());
	while (strcmp(s + 7, "reap")) {
		int fd = open(name, O_RDONLY);
		read(fd, s, 63);
		close(fd);
	}
}
static char leader_state(void) {
	char s[256] = {0}, name[64];
	sprintf(name, "/proc/%d/stat", getpid());
	int fd = open(name, O_RDONLY);
	read(fd, s, 255);
	close(fd);
	char *p = strrchr(s, ')');
	return p ? p[2] : 0;
}
static void *survivor(void *how) {
	while (leader_state() != 'Z') sched_yield();
	ready();
	while (!go_on) { x++; place(); }
	if (!strcmp(how, "group")) exit(7);
	return 0;
}
static void spawn(int vforks, const char *self) {
	pid_t pid = vforks ? vfork() : fork();
	must(pid >= 0);
	if (pid == 0) {
		place();
		if (self) execl(self, "target", "exit", "42", NULL);
		_exit(42);
	}
	int status;
	while (waitpid(pid, &status, 0) < 0) must(errno == EINTR);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 42) bad++;
	rounds++;
}
static int cloned(void *how) { place(); _exit(42); }
static void spawn_by_clone(int flags) {
	static char stack[64 << 10] __attribute__((aligned(16)));
	int pid = clone(cloned, stack + sizeof stack, flags, 0), status;
	must(pid > 0);
	while (waitpid(pid, &status, __WALL) < 0) must(errno == EINTR);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 42) bad++;
	rounds++;
}

int main(int argc, char **argv) {
	const char *mode = argv[1];
	long n = argc > 2 ? atol(argv[2]) : 0, k = argc > 3 ? atol(argv[3]) : 0;
	#define MODE(s) else if (!strcmp(mode, s))
	if (0) ;
	MODE("exit") return n;
	MODE("stores") { /* n stores into x by each of k threads */
		pthread_t id[64];
		rounds = n;
		for (int i = 1; i < k; i++) pthread_create(&id[i], 0, stores, 0);
		stores(0);
		for (int i = 1; i < k; i++) pthread_join(id[i], 0);
	}
	MODE("all") { /* n rounds over y by two threads */
		pthread_t id;
		ready();
		rounds = n;
		pthread_create(&id, 0, all, 0);
		place();
		all(0);
		pthread_join(id, 0);
	}
	MODE("store") { store(); place(); return x == 1 ? 0 : 1; }
	MODE("busy") { for (long i = 1; i < n; i++) thread(busy, i); ready(); busy(0); }
	MODE("birth") { for (long i = 0; i < n; i++) thread(bear, 0); ready(); for (;;) pause(); }
	MODE("relay") { for (long i = 0; i < n; i++) thread(relay, 0); ready(); for (;;) pause(); }
	MODE("idle") { for (long i = 1; i < n; i++) thread(idle, 0); ready(); idle(0); }
	MODE("become") { for (long i = 1; i < n; i++) thread(idle, 0); thread(become, 0); ready(); idle(0); }
	MODE("replace") { place(); execl("/proc/self/exe", "target", "exit", "5", NULL); }
	MODE("exec") execl(argv[2], "target", "exit", "5", NULL);
	MODE("leader") { thread(survivor, (long)argv[2]); pthread_exit(0); }
	MODE("quit") { /* the leader leaves while somebody attaches */
		thread(busy, 1);
		ready();
		for (long i = 0; i < n; i++) asm volatile("pause");
		pthread_exit(0);
	}
	MODE("orphan") { /* execs while a child of vfork has its memory */
		thread(become, (long)"reap");
		if (vfork() == 0) { place(); go_on = 1; await_reaper(); place(); _exit(42); }
	}
	MODE("reap") {
		int status;
		while (wait(&status) < 0) must(errno == EINTR);
		return !(WIFEXITED(status) && WEXITSTATUS(status) == 42);
	}
	MODE("fork") for (long i = 0; i < n; i++) spawn(0, 0);
	MODE("vfork") for (long i = 0; i < n; i++) spawn(1, 0);
	MODE("forkexec") for (long i = 0; i < n; i++) spawn(0, "/proc/self/exe");
	MODE("vforkexec") for (long i = 0; i < n; i++) spawn(1, "/proc/self/exe");
	MODE("clonevm") for (long i = 0; i < n; i++) spawn_by_clone(CLONE_VM | SIGCHLD);
	MODE("cloneother") for (long i = 0; i < n; i++) spawn_by_clone(SIGUSR1 & 0);
	MODE("breed") { ready(); while (!go_on) { spawn(0, 0); spawn(1, 0); spawn(1, "/proc/self/exe"); } }
	MODE("signals") {
		struct sigaction sa = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART};
		int which[] = {SIGUSR1, SIGUSR2, SIGURG, SIGTRAP, SIGCONT, SIGRTMIN + 1};
		for (int i = 0; i < 6; i++) sigaction(which[i], &sa, 0);
		ready();
		while (!go_on) { x++; place(); }
	}
	MODE("blocks") { /* SIGCHLD, or everything */
		sigset_t set;
		if (argv[2][0] == 'a') sigfillset(&set);
		else { sigemptyset(&set); sigaddset(&set, SIGCHLD); }
		sigprocmask(SIG_BLOCK, &set, 0);
		ready();
		while (!go_on) { x++; place(); }
	}
	MODE("fault") { /* its own handler makes good what it faults at */
		struct sigaction sa = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO}, mend = {.sa_sigaction = mender, .sa_flags = SA_SIGINFO};
		sigaction(SIGUSR1, &sa, 0);
		sigaction(SIGUSR2, &sa, 0);
		sigaction(SIGSEGV, &mend, 0);
		hole = mmap(0, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		place();
		*(volatile char *)hole = 1;
		while (!go_on) x++;
	}
	MODE("blocked") { /* blocks what can be blocked; reports what is blocked at birth */
		sigset_t set;
		sigprocmask(SIG_SETMASK, 0, &set);
		return sigismember(&set, n);
	}
	MODE("read") {
		ready();
		long got = read(0, buffer, sizeof buffer);
		if (got > 0) write(1, buffer, got);
		return got;
	}
	MODE("vector") {
		long in[2] = {0x1122334455667788, 0x99aabbccddeeff00}, out[2];
		asm volatile("movdqu %1, %%xmm5\n\tmovb $1, ngot(%%rip)\n1:\tcmpl $0, go_on(%%rip)\n\tje 1b\n\tmovdqu %%xmm5, %0"
			: "=m"(out) : "m"(in) : "xmm5", "memory");
		return memcmp(in, out, 16) == 0 ? 0 : 1;
	}
	MODE("map") {
		hole = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		munmap(hole + 4096, 4096);
		memset(hole, 0x5a, 4096);
		ready();
		idle(0);
	}
	MODE("code") { /* runs a page of code, unmaps it, maps it anew */
		char *p = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		p[0] = 0xc3;
		x = (long)p;
		place();
		munmap(p, 4096);
		if (n) { mmap(p, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0); p[0] = 0x77; }
		place();
		return n ? p[0] : 0;
	}
	MODE("where") {
		char s[512] = {0};
		getcwd(s, 400);
		sprintf(s + strlen(s), " %s %d %d\n", getenv("ARGUS_WORD") ?: "-", (personality(0xffffffff) & ADDR_NO_RANDOMIZE) != 0, getpgrp() == getpid());
		write(1, s, strlen(s));
		write(2, "err\n", 4);
	}
	MODE("abort") { for (long i = 1; i < n; i++) thread(idle, 0); abort(); }
	MODE("sigkill") kill(getpid(), SIGKILL);
	MODE("lastexit") syscall(SYS_exit, 9);
	else return 97;
	return bad ? 1 : 0;
}
`
