#include "textflag.h"

// Every function puts the address of what it accesses in DI.
#define ARGS \
	MOVQ p+0(FP), DI; \
	ADDQ off+8(FP), DI; \
	MOVQ v+16(FP), AX

// func store1(p *uint64, off, v uint64)
TEXT ·store1(SB), NOSPLIT, $0-24
	ARGS
	MOVB AX, (DI)
	RET

// func store2(p *uint64, off, v uint64)
TEXT ·store2(SB), NOSPLIT, $0-24
	ARGS
	MOVW AX, (DI)
	RET

// func store4(p *uint64, off, v uint64)
TEXT ·store4(SB), NOSPLIT, $0-24
	ARGS
	MOVL AX, (DI)
	RET

// func store8(p *uint64, off, v uint64)
TEXT ·store8(SB), NOSPLIT, $0-24
	ARGS
	MOVQ AX, (DI)
	RET

// func load8(p *uint64, off, v uint64)
TEXT ·load8(SB), NOSPLIT, $0-24
	ARGS
	MOVQ (DI), AX
	RET

// func movups(p *uint64, off, v uint64)
TEXT ·movups(SB), NOSPLIT, $0-24
	ARGS
	MOVQ       AX, X0
	PUNPCKLQDQ X0, X0
	MOVUPS     X0, (DI)
	RET

// func movntdq(p *uint64, off, v uint64)
TEXT ·movntdq(SB), NOSPLIT, $0-24
	ARGS
	MOVQ       AX, X0
	PUNPCKLQDQ X0, X0
	MOVNTDQ    X0, (DI)
	RET

// func movnti(p *uint64, off, v uint64)
TEXT ·movnti(SB), NOSPLIT, $0-24
	ARGS
	MOVNTIQ AX, (DI)
	RET

// func vmovdqu(p *uint64, off, v uint64)
TEXT ·vmovdqu(SB), NOSPLIT, $0-24
	ARGS
	MOVQ         AX, X0
	VPBROADCASTQ X0, Y0
	VMOVDQU      Y0, (DI)
	VZEROUPPER
	RET

// func vmovdqu64(p *uint64, off, v uint64)
TEXT ·vmovdqu64(SB), NOSPLIT, $0-24
	ARGS
	VPBROADCASTQ AX, Z0
	VMOVDQU64    Z0, (DI)
	VZEROUPPER
	RET

// vpmaskmov writes the first and the last of four words.
// func vpmaskmov(p *uint64, off, v uint64)
TEXT ·vpmaskmov(SB), NOSPLIT, $0-24
	ARGS
	MOVQ         AX, X0
	VPBROADCASTQ X0, Y0
	VMOVDQU      ends<>(SB), Y1
	VPMASKMOVQ   Y0, Y1, (DI)
	VZEROUPPER
	RET

DATA ends<>+0(SB)/8, $-1
DATA ends<>+8(SB)/8, $0
DATA ends<>+16(SB)/8, $0
DATA ends<>+24(SB)/8, $-1
GLOBL ends<>(SB), RODATA|NOPTR, $32

// vpscatter writes every other of eight words.
// func vpscatter(p *uint64, off, v uint64)
TEXT ·vpscatter(SB), NOSPLIT, $0-24
	ARGS
	VPBROADCASTQ AX, Y0
	VMOVDQU      others<>(SB), Y1
	MOVQ         $0xf, AX
	KMOVB        AX, K1
	VPSCATTERQQ  Y0, K1, (DI)(Y1*8)
	VZEROUPPER
	RET

DATA others<>+0(SB)/8, $0
DATA others<>+8(SB)/8, $2
DATA others<>+16(SB)/8, $4
DATA others<>+24(SB)/8, $6
GLOBL others<>(SB), RODATA|NOPTR, $32

// func fxsave(p *uint64, off, v uint64)
TEXT ·fxsave(SB), NOSPLIT, $0-24
	ARGS
	MOVQ   AX, X0
	ANDQ   $~63, DI
	SUBQ   $256, DI // the word is in the midst of what is saved: XMM5 to XMM8
	FXSAVE (DI)
	RET

// func push(p *uint64, off, v uint64)
TEXT ·push(SB), NOSPLIT, $0-24
	ARGS
	ADDQ  $8, DI
	XCHGQ DI, SP
	BYTE $0x50 // PUSHQ AX, which the assembler wants a POPQ for
	XCHGQ DI, SP
	RET

// func popmem(p *uint64, off, v uint64)
TEXT ·popmem(SB), NOSPLIT, $0-24
	ARGS
	LEAQ v+16(FP), SI
	XCHGQ SI, SP
	BYTE $0x8f; BYTE $0x07 // POPQ (DI), which it wants a PUSHQ for
	XCHGQ SI, SP
	RET

// func callonto(p *uint64, off, v uint64)
TEXT ·callonto(SB), NOSPLIT, $0-24
	ARGS
	ADDQ  $8, DI
	XCHGQ DI, SP
	CALL  nothing<>(SB)
	XCHGQ DI, SP
	RET

TEXT nothing<>(SB), NOSPLIT|NOFRAME, $0-0
	RET

// func xchg(p *uint64, off, v uint64)
TEXT ·xchg(SB), NOSPLIT, $0-24
	ARGS
	XCHGQ AX, (DI)
	RET

// func xadd(p *uint64, off, v uint64)
TEXT ·xadd(SB), NOSPLIT, $0-24
	ARGS
	LOCK
	XADDQ AX, (DI)
	RET

// func lockor0(p *uint64, off, v uint64)
TEXT ·lockor0(SB), NOSPLIT, $0-24
	ARGS
	LOCK
	ORQ $0, (DI)
	RET

// func incmem(p *uint64, off, v uint64)
TEXT ·incmem(SB), NOSPLIT, $0-24
	ARGS
	INCQ (DI)
	RET

// bts sets a bit of the word that is more than 64 bits behind the operand's address.
// func bts(p *uint64, off, v uint64)
TEXT ·bts(SB), NOSPLIT, $0-24
	ARGS
	ANDQ $63, AX
	ADDQ $128, AX
	SUBQ $16, DI
	BTSQ AX, (DI)
	RET

// func casOK(p *uint64, off, v uint64)
TEXT ·casOK(SB), NOSPLIT, $0-24
	ARGS
	LEAQ 1(AX), CX
	LOCK
	CMPXCHGQ CX, (DI)
	RET

// func casFail(p *uint64, off, v uint64)
TEXT ·casFail(SB), NOSPLIT, $0-24
	ARGS
	MOVQ $-1, AX
	XORL CX, CX
	LOCK
	CMPXCHGQ CX, (DI)
	RET

// func cas16OK(p *uint64, off, v uint64)
TEXT ·cas16OK(SB), NOSPLIT, $0-24
	ARGS
	MOVQ AX, DX
	LEAQ 1(AX), BX
	LEAQ 1(AX), CX
	LOCK
	CMPXCHG16B (DI)
	RET

// func cas16Fail(p *uint64, off, v uint64)
TEXT ·cas16Fail(SB), NOSPLIT, $0-24
	ARGS
	MOVQ $-1, AX
	MOVQ $-1, DX
	XORL BX, BX
	XORL CX, CX
	LOCK
	CMPXCHG16B (DI)
	RET

// func stosq(p *uint64, off, v uint64)
TEXT ·stosq(SB), NOSPLIT, $0-24
	ARGS
	CLD
	STOSQ
	RET

// func movsq(p *uint64, off, v uint64)
TEXT ·movsq(SB), NOSPLIT, $0-24
	ARGS
	LEAQ v+16(FP), SI
	CLD
	MOVSQ
	RET

// func repstosb(p *uint64, off, v uint64)
TEXT ·repstosb(SB), NOSPLIT, $0-24
	ARGS
	MOVQ ·rep(SB), CX
	CLD
	REP; STOSB
	RET

// func repstosq(p *uint64, off, v uint64)
TEXT ·repstosq(SB), NOSPLIT, $0-24
	ARGS
	MOVL $8, CX
	CLD
	REP; STOSQ
	RET

// repmovsb copies from source.
// func repmovsb(p *uint64, off, v uint64)
TEXT ·repmovsb(SB), NOSPLIT, $0-24
	ARGS
	LEAQ ·source(SB), SI
	MOVQ ·rep(SB), CX
	CLD
	REP; MOVSB
	RET

// func repmovsq(p *uint64, off, v uint64)
TEXT ·repmovsq(SB), NOSPLIT, $0-24
	ARGS
	LEAQ ·source(SB), SI
	MOVL $8, CX
	CLD
	REP; MOVSQ
	RET

// func repdown(p *uint64, off, v uint64)
TEXT ·repdown(SB), NOSPLIT, $0-24
	ARGS
	ADDQ ·rep(SB), DI
	DECQ DI
	MOVQ ·rep(SB), CX
	STD
	REP; STOSB
	CLD
	RET

// func spin(p *uint64, off, v uint64)
TEXT ·spin(SB), NOSPLIT, $0-24
	ARGS
again:
	MOVQ AX, (DI)
	DECQ AX
	JNZ  again
	RET

// func tight(p *uint64, off, v uint64)
TEXT ·tight(SB), NOSPLIT, $0-24
	ARGS
	MOVQ AX, (DI)
down:
	DECQ (DI)
	JNZ  down
	RET
