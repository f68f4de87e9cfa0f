// Package insn finds the instruction that made a watched access.
//
// An x86 data breakpoint is a trap: when it is reported the store has been
// done and the program counter is behind it (FACTS A6). x86 instructions have
// no fixed length, so what lies before the program counter cannot be read
// backwards; [Writer] decodes the function forwards from its entry until an
// instruction ends exactly at the program counter. Two cases need the
// registers as well: a repeated string instruction interrupted between two
// iterations still has the program counter on itself (FACTS B8e), and a CALL
// that pushed its return address onto the watched bytes has the program
// counter in the callee. What the registers contradict is not reported; where
// nothing fits, the answer is a [NoWriter], never a guess.
//
// [Len] is the length decoder below it. It knows every encoding of 64-bit mode
// that has a processor to run it: legacy, REX, VEX (AVX), EVEX (AVX-512), XOP
// and 3DNow!. It does not know APX (REX2, EVEX map 4).
//
// [Store.Written] and [Store.OldValue] compute from the registers what the
// instruction wrote or replaced, where that is certain. With racing writers
// memory cannot tell: by the time it is read, another thread may have written
// again (FACTS K3).
//
// On arm64 the hit comes before the store (FACTS J2) and none of this is
// needed: see [WriterARM64].
//
// The package is pure. It runs no system call, keeps no state and compiles on
// every system; target memory and registers come in as arguments. Every
// function may be called from any goroutine. A [Cache] belongs to one
// goroutine at a time.
package insn
