package record

import (
	"debug/elf"
	"testing"
)

func symbolsOf(t testing.TB, path string) map[string]uint64 {
	t.Helper()
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	syms, err := f.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]uint64{}
	for _, s := range syms {
		all[s.Name] = s.Value
	}
	return all
}

// targetSource stores: stores N K has K threads that begin behind ready() write x N times
// each; deep N K the same at the end of a chain of K calls; sized N K in each of K nested calls with
// frames of all sizes, N times; lost N with frame pointers that lead nowhere; wide N by stores of 16 bytes; read N
// by the kernel. Behind done() nothing is written any more.
const targetSource = `
#include <alloca.h>
#include <fcntl.h>
#include <immintrin.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

volatile unsigned long x __attribute__((aligned(64)));
volatile __m128i pair __attribute__((aligned(64)));
char buffer[8] __attribute__((aligned(64)));
unsigned long stored, n;

__attribute__((noinline, noclone)) void ready(void) { asm volatile(""); }
__attribute__((noinline, noclone)) void done(void) { asm volatile(""); }
__attribute__((noinline, noclone)) void put(unsigned long v) { x = v; asm volatile(""); }

static void *stores(void *id) {
	for (unsigned long i = 1; i <= n; i++) put((unsigned long)id << 32 | i);
	__atomic_add_fetch(&stored, n, __ATOMIC_SEQ_CST);
	return 0;
}
__attribute__((noinline, noclone)) void deep(int level) {
	if (level) deep(level - 1);
	else stores(0);
	asm volatile("");
}

__attribute__((noinline, noclone)) void sized(int level) {
	char *room = alloca(level * 977 % 3000 + 1);
	asm volatile("" :: "r"(room) : "memory");
	put(level);
	if (level) sized(level - 1);
	asm volatile("" :: "r"(room) : "memory");
}

// lost stores with a frame pointer of its own: of a frame whose caller is nowhere, of
// nothing, and of itself.
__attribute__((noinline, noclone)) void lost(unsigned long *frame, unsigned long v) {
	asm volatile("push %%rbp; mov %0, %%rbp; mov %1, %2; pop %%rbp" :: "r"(frame), "r"(v), "m"(x) : "memory");
}

int main(int argc, char **argv) {
	pthread_t id[16];
	long k = argc > 3 ? atol(argv[3]) : 1;
	n = atol(argv[2]);
	ready();
	if (!strcmp(argv[1], "stores")) {
		for (long i = 0; i < k; i++) pthread_create(&id[i], 0, stores, (void *)(i + 1));
		for (long i = 0; i < k; i++) pthread_join(id[i], 0);
	} else if (!strcmp(argv[1], "deep")) {
		deep(k);
	} else if (!strcmp(argv[1], "sized")) {
		for (unsigned long i = 0; i < n; i++) sized(k);
	} else if (!strcmp(argv[1], "lost")) {
		unsigned long nowhere[2] = {8, 17}, *itself[2] = {(unsigned long *)itself, 0}, end[2] = {0, 33}, kernel[2] = {-4096ul, 65}, odd[2] = {(unsigned long)end | 1, 21};
		for (unsigned long i = 0; i < n; i++) {
			lost(nowhere, 1);
			lost(0, 2);
			lost((unsigned long *)itself, 3);
			lost((unsigned long *)16, 4);
			lost(end, 5);
			lost(kernel, 6);
			lost((unsigned long *)-16ul, 7);
			lost(odd, 8);
		}
	} else if (!strcmp(argv[1], "wide")) {
		for (unsigned long i = 1; i <= n; i++) pair = _mm_set_epi64x(i, i);
	} else {
		int zero = open("/dev/zero", O_RDONLY);
		for (unsigned long i = 0; i < n; i++) stored += read(zero, buffer, 1);
	}
	done();
	return 0;
}
`
