#include "textflag.h"

// func store16(p *[2]uint64, v uint64)
TEXT ·store16(SB), NOSPLIT, $0-16
	MOVQ p+0(FP), AX
	MOVQ v+8(FP), X0
	PUNPCKLQDQ X0, X0
	MOVUPS X0, (AX)
	RET
