#include "textflag.h"

// func store16(p *[2]uint64, v uint64)
TEXT ·store16(SB), NOSPLIT, $0-16
	MOVD p+0(FP), R0
	MOVD v+8(FP), R1
	STP  (R1, R1), (R0)
	RET
