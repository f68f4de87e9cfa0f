#include "textflag.h"

// func storeAndKill(p *uint64, v, pid, tid, sig uint64)
TEXT ·storeAndKill(SB), NOSPLIT, $0-40
	MOVQ p+0(FP), BX
	MOVQ v+8(FP), CX
	MOVQ pid+16(FP), DI
	MOVQ tid+24(FP), SI
	MOVQ sig+32(FP), DX
	MOVL $234, AX // tgkill
	MOVQ CX, (BX)
	SYSCALL
	RET

TEXT handler<>(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ SP, ·area+8(SB)
	INCQ ·area+512(SB)
	RET

TEXT restorer<>(SB), NOSPLIT|NOFRAME, $0-0
	MOVL $15, AX // rt_sigreturn
	SYSCALL
	INT $3

// func handlerAddress() uintptr
TEXT ·handlerAddress(SB), NOSPLIT, $0-8
	LEAQ handler<>(SB), AX
	MOVQ AX, ret+0(FP)
	RET

// func restorerAddress() uintptr
TEXT ·restorerAddress(SB), NOSPLIT, $0-8
	LEAQ restorer<>(SB), AX
	MOVQ AX, ret+0(FP)
	RET

// func forkAndWrite(p *uint64, v uint64) int
TEXT ·forkAndWrite(SB), NOSPLIT, $0-24
	MOVQ p+0(FP), BX
	MOVQ v+8(FP), DX
	MOVL $57, AX // fork
	SYSCALL
	TESTQ AX, AX
	JZ   child
	MOVQ AX, ret+16(FP)
	RET
child:
	MOVQ DX, (BX)
	XORL DI, DI
	MOVL $60, AX // exit
	SYSCALL
	INT $3

// func vforkAndWrite(p *uint64, v uint64) int
TEXT ·vforkAndWrite(SB), NOSPLIT, $0-24
	MOVQ p+0(FP), BX
	MOVQ v+8(FP), DX
	MOVL $58, AX // vfork
	SYSCALL
	TESTQ AX, AX
	JZ   child
	MOVQ AX, ret+16(FP)
	RET
child:
	MOVQ DX, (BX)
	XORL DI, DI
	MOVL $60, AX // exit
	SYSCALL
	INT $3

// CLONE_VM, _FS, _FILES, _SIGHAND, _THREAD, _SYSVSEM, _SETTLS, _CHILD_CLEARTID
#define THREAD 0x2d0f00

// The thread's local storage lies in its stack, of which it uses nothing else: it has no
// goroutine.
// func spawn(stack uintptr, p *uint64, n uint64, done *uint64) int
TEXT ·spawn(SB), NOSPLIT, $0-40
	MOVQ stack+0(FP), SI
	MOVQ p+8(FP), R12
	MOVQ n+16(FP), R13
	MOVQ done+24(FP), R10
	LEAQ -64(SI), R8
	LEAQ -128(SI), SI
	MOVL $THREAD, DI
	XORL DX, DX
	MOVL $56, AX // clone
	SYSCALL
	TESTQ AX, AX
	JZ   again
	MOVQ AX, ret+32(FP)
	RET
again:
	LOCK
	INCQ (R12)
	DECQ R13
	JNZ  again
	XORL DI, DI
	MOVL $60, AX // exit
	SYSCALL
	INT $3

// func imm() uint64
TEXT ·imm(SB), NOSPLIT, $0-8
	MOVL $0x12345678, AX
	MOVQ AX, ret+0(FP)
	RET

// func immAddress() uintptr
TEXT ·immAddress(SB), NOSPLIT, $0-8
	LEAQ ·imm(SB), AX
	MOVQ AX, ret+0(FP)
	RET

// func storeAndFault(p *uint64, v uint64)
TEXT ·storeAndFault(SB), NOSPLIT, $0-16
	MOVQ p+0(FP), BX
	MOVQ v+8(FP), CX
	XORL AX, AX
	MOVQ CX, (BX)
	MOVQ (AX), AX
	RET
