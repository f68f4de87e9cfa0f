package insn

// The shape of an opcode: which bytes follow it. The tables have one letter an
// opcode, sixteen opcodes a line, as the opcode maps of Intel SDM volume 2D,
// appendix A.3, and AMD APM volume 3, appendix A.
const (
	shapeNone  = '.' // nothing
	shapeMod   = 'm' // ModRM and what it asks for
	shapeReg   = 'c' // ModRM that names two registers whatever its mod field says
	shapeImm8  = 'b' // 8-bit immediate or displacement
	shapeImm16 = 'w' // 16-bit immediate
	shapeImmZ  = 'z' // immediate of 16 bits with an operand-size prefix, else 32
	shapeImmV  = 'v' // immediate of the operand size: 16, 32 or 64 bits
	shapeRel32 = 'j' // near branch
	shapeMod8  = 'B' // ModRM and an 8-bit immediate
	shapeModZ  = 'Z' // ModRM and an immediate as in shapeImmZ
	shapeTest  = 'T' // ModRM, and an immediate if it is TEST (/0, /1)
	shapeMoffs = 'o' // absolute address
	shapeEnter = 'e' // 16-bit and 8-bit immediate
	shapeSSE4a = 's' // 0F 78: EXTRQ and INSERTQ have two bytes, VMREAD none
	shapeElse  = 'p' // prefix or escape, decoded elsewhere
	shapeBad   = '-' // no instruction in 64-bit mode
)

const oneByteMap = "" +
	"mmmmbz--mmmmbz-p" + // 00
	"mmmmbz--mmmmbz--" + // 10
	"mmmmbzp-mmmmbzp-" + // 20
	"mmmmbzp-mmmmbzp-" + // 30
	"pppppppppppppppp" + // 40
	"................" + // 50
	"--pmppppzZbB...." + // 60
	"bbbbbbbbbbbbbbbb" + // 70
	"BZ-Bmmmmmmmmmmmm" + // 80
	"..........-....." + // 90
	"oooo....bz......" + // A0
	"bbbbbbbbvvvvvvvv" + // B0
	"BBw.ppBZe.w..b-." + // C0
	"mmmm---.mmmmmmmm" + // D0
	"bbbbbbbbjj-b...." + // E0
	"p.pp..TT......mm" //   F0

// A6 and A7 are PadLock's, on VIA and Zhaoxin processors.
const twoByteMap = "" +
	"mmmm-.....-.-m.B" + // 00
	"mmmmmmmmmmmmmmmm" + // 10
	"cccc----mmmmmmmm" + // 20
	"......-.p-p-----" + // 30
	"mmmmmmmmmmmmmmmm" + // 40
	"mmmmmmmmmmmmmmmm" + // 50
	"mmmmmmmmmmmmmmmm" + // 60
	"BBBBmmm.sm--mmmm" + // 70
	"jjjjjjjjjjjjjjjj" + // 80
	"mmmmmmmmmmmmmmmm" + // 90
	"...mBmmm...mBmmm" + // A0
	"mmmmmmmmmmBmmmmm" + // B0
	"mmBmBBBm........" + // C0
	"mmmmmmmmmmmmmmmm" + // D0
	"mmmmmmmmmmmmmmmm" + // E0
	"mmmmmmmmmmmmmmmm" //   F0

// reserved reports whether a ModRM byte makes an opcode of the one-byte map
// one that no processor executes.
func (in *inst) reserved() bool {
	if in.opmap != mapOne {
		return false
	}
	reg, register := in.reg(), in.mod() == 3
	switch in.op {
	case 0x8D: // LEA of a register
		return register
	case 0x8F: // POP; the rest is XOP
		return reg != 0
	case 0xC6, 0xC7: // MOV, and XABORT and XBEGIN
		return reg != 0 && in.modrm != 0xF8
	case 0xFE:
		return reg > 1
	case 0xFF: // far CALL and JMP take memory only
		return reg == 7 || register && (reg == 3 || reg == 5)
	}
	return false
}
