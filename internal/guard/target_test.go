package guard

import (
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// program is the C program of most tests here. It says where its memory is, a kind a
// line, and then does what it is told, a line at a time, with an answer each.
func program(t testing.TB) string {
	return testkit.C(t, "guard", programSource, "-O1", "-no-pie", "-w")
}

const programSource = `
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/io_uring.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define SIZE (4 << 12)
#define HUGE (2 << 20)
typedef unsigned long u64;

char data[SIZE] __attribute__((aligned(4096))) = {1};
char bss[SIZE] __attribute__((aligned(4096)));
char untouched[SIZE] __attribute__((aligned(4096)));
char altstack[SIZE * 4] __attribute__((aligned(4096)));

static void *map(int flags, int fd, size_t size) {
	void *p = mmap(0, size, PROT_READ | PROT_WRITE, flags, fd, 0);
	if (p == MAP_FAILED) { perror("mmap"); exit(98); }
	return p;
}
static void say(const char *name, void *p) { printf("%s %lx\n", name, (u64)p); }
static u64 now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ul + t.tv_nsec;
}
static u64 times;
static void *count(void *p) { for (u64 i = 0; i < times; i++) ++*(volatile u64 *)p; return 0; }
static void *add(void *p) { for (u64 i = 0; i < times; i++) __atomic_fetch_add((u64 *)p, 1, __ATOMIC_SEQ_CST); return 0; }
static void *forever(void *p) { for (;;) ++*(volatile u64 *)p; }
static void *once(void *p) { __atomic_fetch_add((u64 *)p, 1, __ATOMIC_SEQ_CST); return 0; }
static void *aside(void *p) { for (;;) pause(); }
static volatile int spinning;
static void *spin(void *p) { for (;;) spinning++; }
static void in_threads(void *(*fn)(void *), u64 a, u64 n, u64 stride) {
	pthread_t id[256];
	for (u64 i = 0; i < n; i++) pthread_create(&id[i], 0, fn, (void *)(a + i * stride));
	for (u64 i = 0; i < n; i++) pthread_join(id[i], 0);
}
static int pipes[2], sockets[2];
static char junk[1 << 16];
static void *sender(void *p) { /* in two parts, the second when the first has been taken */
	usleep(2000);
	write(sockets[1], junk, 5000);
	int left;
	do { usleep(500); ioctl(sockets[0], 0x541B, &left); } while (left);
	usleep(5000);
	write(sockets[1], junk, (u64)p - 5000);
	return 0;
}
static volatile u64 *handled;
static void handler(int sig) { ++*handled; }
static timer_t timer;
static u64 ticks;
static void tick(int sig) { /* the last stops the clock: a frame may take longer than the period, and the loop would never run */
	static const struct itimerspec off;
	if (++*handled == ticks) timer_settime(timer, 0, &off, 0);
}
static void *reader(void *p) {
	for (u64 i = 0; i < times; i++) if (read(pipes[0], p, 8) != 8) return (void *)1;
	return 0;
}
static void *writer(void *p) { for (u64 i = 0; i < times; i++) write(pipes[1], junk, 8); return 0; }
static struct io_uring_params ring;
static long ringread(int file, u64 a) {
	int fd = syscall(SYS_io_uring_setup, 2, &ring);
	if (fd < 0) return errno;
	char *sq = mmap(0, ring.sq_off.array + 64, 3, MAP_SHARED | MAP_POPULATE, fd, IORING_OFF_SQ_RING);
	struct io_uring_sqe *e = mmap(0, 2 * sizeof *e, 3, MAP_SHARED | MAP_POPULATE, fd, IORING_OFF_SQES);
	*e = (struct io_uring_sqe){.opcode = IORING_OP_READ, .flags = IOSQE_ASYNC, .fd = file, .addr = a, .len = 8};
	*(unsigned *)(sq + ring.sq_off.array) = 0;
	__atomic_store_n((unsigned *)(sq + ring.sq_off.tail), 1, __ATOMIC_RELEASE);
	return syscall(SYS_io_uring_enter, fd, 1, 1, IORING_ENTER_GETEVENTS, 0, 0) == 1 ? 0 : errno;
}
static int deep(int n) { volatile char pad[512]; pad[0] = n; return n ? deep(n - 1) + pad[0] : 0; }
static void *born(void *p) { return 0; }

int main(int argc, char **argv) {
	char stack[SIZE + 4096], *mine = (char *)(((u64)stack + 4095) & ~4095ul), line[256], c;
	int status;
	FILE *f = tmpfile();
	int file = fileno(f), memfd = memfd_create("memory", 0), zero = open("/dev/zero", O_RDONLY);
	char *huge = (char *)(((u64)map(MAP_PRIVATE | MAP_ANONYMOUS, -1, 2 * HUGE) + HUGE - 1) & -HUGE);
	char *heap = map(MAP_PRIVATE | MAP_ANONYMOUS, -1, SIZE);
	pthread_t id;
	setvbuf(stdout, 0, _IONBF, 0);
	setvbuf(stdin, 0, _IONBF, 0);
	ftruncate(file, SIZE), ftruncate(memfd, SIZE), pipe(pipes), socketpair(AF_UNIX, SOCK_STREAM, 0, sockets);
	madvise(huge, HUGE, MADV_HUGEPAGE);
	memset(huge, 1, HUGE), memset(heap, 1, SIZE), memset(bss, 1, SIZE), memset(mine, 1, SIZE);
	for (int i = 0; i < SIZE; i += 4096) pwrite(file, "f", 1, i);
	say("data", data), say("bss", bss), say("untouched", untouched), say("heap", heap), say("stack", mine), say("huge", huge);
	say("fresh", map(MAP_PRIVATE | MAP_ANONYMOUS, -1, SIZE));
	say("private file", map(MAP_PRIVATE, file, SIZE));
	say("shared file", map(MAP_SHARED, file, SIZE));
	say("shared memory", map(MAP_SHARED | MAP_ANONYMOUS, -1, SIZE));
	say("memfd", map(MAP_SHARED, memfd, SIZE));
	say("many", map(MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 4096ul << 12));
	say("code", (void *)((u64)main & ~4095ul));
	say("altstack", altstack);
	say("main", main);
	say("end", 0);
	while (fgets(line, sizeof line, stdin)) {
		char name[32] = {0};
		u64 a = 0, b = 0, d = 0, answer = 0;
		sscanf(line, "%31s %lx %lx %lx", name, &a, &b, &d);
		volatile char *p = (char *)a;
		if (!strcmp(name, "store")) *p = b;
		else if (!strcmp(name, "load")) answer = *p;
		else if (!strcmp(name, "wide")) *(volatile u64 *)p = b;
		else if (!strcmp(name, "count")) times = b, in_threads(count, a, d ? d : 1, 8);
		else if (!strcmp(name, "add")) times = b, in_threads(add, a, d ? d : 1, 0);
		else if (!strcmp(name, "births")) for (u64 i = 0; i < b; i++) in_threads(once, a, d, 0);
		else if (!strcmp(name, "here")) times = b, count((void *)a);
		else if (!strcmp(name, "movs")) { void *to = (void *)a; void *from = junk; u64 n = b; asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory"); }
		else if (!strcmp(name, "stos")) { void *to = (void *)a; u64 n = b; asm volatile("rep stosq" : "+D"(to), "+c"(n) : "a"(7ul) : "memory"); }
		else if (!strcmp(name, "push")) asm volatile("mov %%rsp, %%rbx\n mov %0, %%rsp\n pushq (%1)\n mov %%rbx, %%rsp" : : "r"(a), "r"(b) : "rbx", "memory");
		else if (!strcmp(name, "xsave")) asm volatile("xor %%edx, %%edx\n mov $7, %%eax\n xsave (%0)" : : "r"(a) : "eax", "edx", "memory");
		else if (!strcmp(name, "cas")) { u64 old = b; answer = __atomic_compare_exchange_n((u64 *)a, &old, d, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); }
		else if (!strcmp(name, "read")) write(pipes[1], junk, b), answer = read(pipes[0], (void *)a, b);
		else if (!strcmp(name, "readfile")) answer = pread(file, (void *)a, b, 0);
		else if (!strcmp(name, "readzero")) answer = read(zero, (void *)a, b);
		else if (!strcmp(name, "random")) answer = getrandom((void *)a, b, 0);
		else if (!strcmp(name, "readv")) { struct iovec v[2] = {{(void *)a, d}, {(void *)b, d}}; write(pipes[1], junk, 2 * d); answer = readv(pipes[0], v, 2); }
		else if (!strcmp(name, "recv")) { pthread_create(&id, 0, sender, (void *)b); answer = recv(sockets[0], (void *)a, b, MSG_WAITALL); pthread_join(id, 0); }
		else if (!strcmp(name, "stat")) answer = fstat(file, (void *)a);
		else if (!strcmp(name, "clock")) answer = syscall(SYS_clock_gettime, CLOCK_MONOTONIC, (void *)a);
		else if (!strcmp(name, "wakeop")) { int w = 0; answer = syscall(SYS_futex, &w, FUTEX_WAKE_OP, 1, 0, (void *)a, FUTEX_OP(FUTEX_OP_ADD, 1, FUTEX_OP_CMP_EQ, 0)) < 0 ? errno : 0; }
		else if (!strcmp(name, "lockpi")) answer = syscall(SYS_futex, (void *)a, FUTEX_LOCK_PI, 0, 0, 0, 0) < 0 ? errno : 0;
		else if (!strcmp(name, "pipes")) { /* readers and writers at once */
			pthread_t r[8], w; void *bad; times = b;
			for (int i = 0; i < d; i++) pthread_create(&r[i], 0, reader, (void *)(a + 8 * i));
			times = b; for (u64 i = 1; i <= b * d; i++) write(pipes[1], &i, 8);
			for (int i = 0; i < d; i++) pthread_join(r[i], &bad), answer += (u64)bad;
		}
		else if (!strcmp(name, "born")) { pthread_attr_t at; pthread_attr_init(&at); pthread_attr_setstack(&at, (void *)a, b); answer = pthread_create(&id, &at, born, 0) || pthread_join(id, 0); }
		else if (!strcmp(name, "signal")) {
			stack_t s = {.ss_sp = (void *)a, .ss_size = b}; struct sigaction sa = {.sa_handler = handler, .sa_flags = SA_ONSTACK | SA_RESTART};
			handled = (u64 *)junk; sigaltstack(&s, 0); sigaction(SIGUSR1, &sa, 0);
			u64 was = *handled; for (u64 i = 0; i < d; i++) raise(SIGUSR1); answer = *handled - was;
			s.ss_flags = SS_DISABLE; sigaltstack(&s, 0);
		}
		else if (!strcmp(name, "timer")) { /* signals at any instruction of a loop */
			stack_t s = {.ss_sp = (void *)a, .ss_size = b}; struct sigaction sa = {.sa_handler = tick, .sa_flags = SA_ONSTACK | SA_RESTART};
			struct itimerspec it = {{0, 200000}, {0, 200000}}; struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
			handled = (u64 *)junk; *handled = 0; ticks = d; sigaltstack(&s, 0); sigaction(SIGUSR1, &sa, 0);
			timer_create(CLOCK_MONOTONIC, &ev, &timer); timer_settime(timer, 0, &it, 0);
			while (*handled < d) ; timer_delete(timer); answer = 0; s.ss_flags = SS_DISABLE; sigaltstack(&s, 0);
		}
		else if (!strcmp(name, "deep")) answer = deep(b) < 0;
		else if (!strcmp(name, "madvise")) answer = madvise((void *)a, b, d);
		else if (!strcmp(name, "munmap")) answer = munmap((void *)a, b);
		else if (!strcmp(name, "mmap")) answer = mmap((void *)a, b, 3, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
		else if (!strcmp(name, "mremap")) answer = mremap((void *)a, b, b, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)d) == MAP_FAILED;
		else if (!strcmp(name, "mprotect")) answer = mprotect((void *)a, b, d);
		else if (!strcmp(name, "child")) { if (!fork()) { *p = b; _exit(7); } wait(&status); answer = WEXITSTATUS(status); }
		else if (!strcmp(name, "vchild")) { if (!vfork()) { *p = b; _exit(7); } wait(&status); answer = WEXITSTATUS(status); }
		else if (!strcmp(name, "ring")) pwrite(file, junk, 8, 0), answer = ringread(file, a);
		else if (!strcmp(name, "thread")) pthread_create(&id, 0, aside, 0);
		else if (!strcmp(name, "spin")) pthread_create(&id, 0, spin, 0);
		else if (!strcmp(name, "time")) { u64 t = now(); for (u64 i = 0; i < b; i++) *(volatile u64 *)p = i; answer = now() - t; }
		else if (!strcmp(name, "writers")) for (u64 i = 0; i < b; i++) pthread_create(&id, 0, forever, (void *)(a + 8 * i));
		else if (!strcmp(name, "leave")) pthread_exit(0);
		else if (!strcmp(name, "exec")) execl("/proc/self/exe", "guard", NULL);
		else if (!strcmp(name, "exit")) _exit(0);
		printf("%ld\n", answer);
	}
	return 0;
}
`
