package wpscan

import (
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// program is the C program of most tests here. It says where its memory is, a kind a
// line, and then does what it is told, a line at a time, with an answer each.
func program(t testing.TB) string {
	return testkit.C(t, "wpscan", programSource, "-O1", "-no-pie", "-w")
}

const programSource = `
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/seccomp.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SIZE (4 << 12)
#define HUGE (2 << 20)
typedef unsigned long u64;

char data[SIZE] __attribute__((aligned(4096))) = {1};
char bss[SIZE] __attribute__((aligned(4096)));
char untouched[SIZE] __attribute__((aligned(4096)));

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
static void *spin(void *p) { for (;;) ++*(volatile u64 *)p; }
static void *aside(void *p) { for (;;) pause(); }
static int filter(void) {
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_userfaultfd, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = {4, code};
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog);
}
static long guard(u64 a, u64 size, int async) {
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
	struct uffdio_api api = {.api = UFFD_API};
	struct uffdio_register r = {.range = {a, size}, .mode = UFFDIO_REGISTER_MODE_WP};
	struct uffdio_writeprotect w = {.range = {a, size}, .mode = UFFDIO_WRITEPROTECT_MODE_WP};
	if (async) api.features = 1 << 0 | 1 << 13 | 1 << 15;
	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &r)) return errno;
	return async && ioctl(fd, UFFDIO_WRITEPROTECT, &w) ? errno : 0;
}

static struct io_uring_params ring;
static int ringfd;
static long pin(u64 a) { /* for io_uring, which then writes to the page and not through the mapping */
	struct iovec v = {(void *)a, 4096};
	ringfd = syscall(SYS_io_uring_setup, 2, &ring);
	return ringfd < 0 || syscall(SYS_io_uring_register, ringfd, IORING_REGISTER_BUFFERS, &v, 1) ? errno : 0;
}
static long readpinned(int file, u64 a) {
	char *sq = mmap(0, ring.sq_off.array + 64, 3, MAP_SHARED | MAP_POPULATE, ringfd, IORING_OFF_SQ_RING);
	struct io_uring_sqe *e = mmap(0, 2 * sizeof *e, 3, MAP_SHARED | MAP_POPULATE, ringfd, IORING_OFF_SQES);
	*e = (struct io_uring_sqe){.opcode = IORING_OP_READ_FIXED, .fd = file, .addr = a, .len = 1};
	*(unsigned *)(sq + ring.sq_off.array) = 0;
	__atomic_store_n((unsigned *)(sq + ring.sq_off.tail), 1, __ATOMIC_RELEASE);
	return syscall(SYS_io_uring_enter, ringfd, 1, 1, IORING_ENTER_GETEVENTS, 0, 0) == 1 ? 0 : errno;
}

int main(int argc, char **argv) {
	char stack[SIZE + 4096], *mine = (char *)(((u64)stack + 4095) & ~4095ul), line[256], c;
	int fds[2], status;
	FILE *f = tmpfile(), *g = tmpfile();
	int file = fileno(f), other = fileno(g), memfd = memfd_create("memory", 0);
	char *huge = (char *)(((u64)map(MAP_PRIVATE | MAP_ANONYMOUS, -1, 2 * HUGE) + HUGE - 1) & -HUGE);
	char *shared, *heap = map(MAP_PRIVATE | MAP_ANONYMOUS, -1, SIZE);
	pthread_t id;
	setvbuf(stdout, 0, _IONBF, 0);
	setvbuf(stdin, 0, _IONBF, 0);
	ftruncate(file, SIZE), ftruncate(other, SIZE), ftruncate(memfd, SIZE), pipe(fds);
	madvise(huge, HUGE, MADV_HUGEPAGE);
	memset(huge, 1, HUGE), memset(heap, 1, SIZE), memset(bss, 1, SIZE), memset(mine, 1, SIZE);
	for (int i = 0; i < SIZE; i += 4096) pwrite(file, "f", 1, i);
	say("data", data), say("bss", bss), say("untouched", untouched), say("heap", heap), say("stack", mine), say("huge", huge);
	say("fresh", map(MAP_PRIVATE | MAP_ANONYMOUS, -1, SIZE));
	say("private file", map(MAP_PRIVATE, file, SIZE));
	say("shared file", shared = map(MAP_SHARED, file, SIZE));
	say("shared file again", map(MAP_SHARED, file, SIZE));
	say("shared memory", map(MAP_SHARED | MAP_ANONYMOUS, -1, SIZE));
	say("memfd", map(MAP_SHARED, memfd, SIZE));
	say("read-only file", mmap(0, SIZE, PROT_READ, MAP_SHARED, open("/proc/self/exe", O_RDONLY), 0));
	say("code", (void *)((u64)main & ~4095ul));
	say("many", map(MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 1024 << 12));
	say("end", 0);
	while (fgets(line, sizeof line, stdin)) {
		char name[32] = {0};
		u64 a = 0, b = 0, d = 0, answer = 0;
		sscanf(line, "%31s %lx %lx %lx", name, &a, &b, &d);
		volatile char *p = (char *)a;
		if (!strcmp(name, "store")) *p = b;
		else if (!strcmp(name, "again")) *p = *p;
		else if (!strcmp(name, "load")) answer = *p;
		else if (!strcmp(name, "read")) write(fds[1], "r", 1), answer = read(fds[0], (void *)a, 1);
		else if (!strcmp(name, "madvise")) answer = madvise((void *)a, b, d);
		else if (!strcmp(name, "munmap")) answer = munmap((void *)a, b);
		else if (!strcmp(name, "mmap")) answer = mmap((void *)a, b, 3, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
		else if (!strcmp(name, "mremap")) answer = mremap((void *)a, b, b, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)d) == MAP_FAILED;
		else if (!strcmp(name, "mprotect")) answer = mprotect((void *)a, b, d);
		else if (!strcmp(name, "pwrite")) answer = pwrite(file, "w", 1, a);
		else if (!strcmp(name, "punch")) answer = fallocate(memfd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, a, b);
		else if (!strcmp(name, "child")) { if (!fork()) { *p = b; _exit(0); } wait(&status); answer = status; }
		else if (!strcmp(name, "vchild")) { if (!vfork()) { *p = b; _exit(0); } wait(&status); answer = status; }
		else if (!strcmp(name, "fork")) { int up[2]; pipe(up); if (!fork()) { close(up[1]); read(up[0], &c, 1); _exit(0); } *p = b; }
		else if (!strcmp(name, "guard")) answer = guard(a, b, d);
		else if (!strcmp(name, "spin")) pthread_create(&id, 0, spin, (void *)a);
		else if (!strcmp(name, "thread")) pthread_create(&id, 0, aside, 0);
		else if (!strcmp(name, "filter")) answer = filter();
		else if (!strcmp(name, "full")) { struct rlimit r = {b, b}; setrlimit(RLIMIT_NOFILE, &r); while (dup(0) >= 0); }
		else if (!strcmp(name, "time")) {
			u64 t = now();
			for (u64 i = 0; i < b; i++) p[i << 12] = i;
			answer = now() - t;
		}
		else if (!strcmp(name, "pin")) answer = pin(a);
		else if (!strcmp(name, "readpinned")) answer = readpinned(file, a);
		else if (!strcmp(name, "leave")) pthread_exit(0);
		else if (!strcmp(name, "exec")) execl("/proc/self/exe", "wpscan", NULL);
		else if (!strcmp(name, "exit")) _exit(0);
		printf("%ld\n", answer);
	}
	return 0;
}
`
