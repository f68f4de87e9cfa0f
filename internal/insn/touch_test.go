package insn

import (
	"testing"

	"pgregory.net/rapid"
)

func TestOverlaps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := rapid.SampledFrom([]uint64{0x1000, ^uint64(0) - 20}).Draw(t, "base") // the second wraps
		a := span{base + rapid.Uint64Range(0, 40).Draw(t, "a"), rapid.IntRange(1, 16).Draw(t, "len a")}
		b := span{base + rapid.Uint64Range(0, 40).Draw(t, "b"), rapid.IntRange(1, 16).Draw(t, "len b")}
		want := false
		for i := range a.size {
			for j := range b.size {
				want = want || a.addr+uint64(i) == b.addr+uint64(j)
			}
		}
		if a.overlaps(b) != want || b.overlaps(a) != want {
			t.Errorf("%+v and %+v: %v, %v, want %v", a, b, a.overlaps(b), b.overlaps(a), want)
		}
	})
}

// TestVerdict covers the places that no ModRM byte names.
func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		name, code string
		regs       gpr
		addr       uint64
		want       verdict
	}{
		{"CLZERO clears the line", "0F01FC", gpr{rax: watched + 63}, watched, yes},
		{"CLZERO, the next line", "0F01FC", gpr{rax: watched + 63}, watched + 64, no},
		{"MOVDIR64B, last byte", "660F38F803", gpr{rax: watched}, watched + 63, yes},
		{"MOVDIR64B reads elsewhere", "660F38F803", gpr{rax: 0x1000, rbx: watched}, watched, no},
		{"MASKMOVQ", "0FF7C1", gpr{rdi: watched}, watched + 8, no},
		{"VMASKMOVDQU", "C5F9F7C1", gpr{rdi: watched}, watched + 8, yes},
		{"XSAVE, somewhere in its area", "0FAE23", gpr{rbx: watched - 2000}, watched, maybe},
		{"XSAVE, before its area", "0FAE23", gpr{rbx: watched + 8}, watched, no},
		{"XSAVE, behind its area", "0FAE23", gpr{rbx: watched - maxAccess}, watched, no},
		{"FXSAVE", "0FAE03", gpr{rbx: watched - 504}, watched, yes},
		{"POP of a word", "6658", gpr{rsp: watched + 2}, watched, yes},
		{"POP RSP", "5C", gpr{}, watched, maybe},
		{"POP R12", "415C", gpr{}, watched, no},
		{"LEAVE", "C9", gpr{rsp: watched + 8}, watched, yes},
		{"ENTER", "C8000000", gpr{}, watched, maybe},
		{"FNSTENV of 16 bits", "66D933", gpr{rbx: watched - 14}, watched, no},
		{"FNSTENV", "D933", gpr{rbx: watched - 14}, watched, yes},
		{"FNSAVE", "DD33", gpr{rbx: watched - 107}, watched, yes},
		{"STTILECFG", "C4E2794903", gpr{rbx: watched - 63}, watched, yes},
		{"TILESTORED", "C4E27A4B0403", gpr{}, watched, maybe},
		{"BT reads far away", "480FA303", gpr{rbx: watched - 80, rax: 650}, watched, yes},
		{"BTC of 16 bits, negative", "660FBB03", gpr{rbx: watched + 2, rax: 0xFFFF}, watched, yes},
		{"BTR of 32 bits", "0FB303", gpr{rbx: watched - 4, rax: 31}, watched, no},
		{"XSAVEC", "0FC723", gpr{rbx: watched - 2000}, watched, maybe},
		{"XRSTORS reads", "0FC71B", gpr{rbx: watched}, watched, maybe},
		{"CLRSSBSY", "F30FAE33", gpr{rbx: watched - 7}, watched, yes},
		{"CLRSSBSY elsewhere", "F30FAE33", gpr{rbx: watched - 8}, watched, no},
		{"STMXCSR", "0FAE1B", gpr{rbx: watched - 3}, watched, yes},
		{"WRSS", "480F38F603", gpr{rbx: watched - 7}, watched, yes},
		{"ENQCMD", "F20F38F803", gpr{}, watched, maybe},
		{"AADD", "0F38FC03", gpr{rbx: watched - 3}, watched, yes},
		{"gather", "C4E2719004 03", gpr{}, watched, maybe},
		{"prefetch of a gather", "62F27D49C60C03", gpr{}, watched, no},
		{"TILELOADD", "C4E27B4B0403", gpr{}, watched, maybe},
		{"KMOVQ", "C4E1F89103", gpr{rbx: watched - 7}, watched, yes},
		{"KMOVB", "C5F99103", gpr{rbx: watched - 1}, watched, no},
		{"FNSAVE of 16 bits", "66DD33", gpr{rbx: watched - 94}, watched, no},
		{"MOVQ of MMX", "0F7F03", gpr{rbx: watched - 8}, watched, no},
		{"VMOVW", "62F57D087E03", gpr{rbx: watched - 2}, watched, no},
		{"MASKMOVQ with a 32-bit address", "670FF7C1", gpr{rdi: watched}, watched & 0xFFFFFFFF, yes},
		{"SCASB reads", "AE", gpr{rdi: watched + 1}, watched, yes},
		{"LODSB relative to FS", "64AC", gpr{rsi: watched + 1 - 0x7000_0000}, watched, yes},
		{"LODSB", "AC", gpr{rsi: watched}, watched, no},
		{"INT", "CD80", gpr{}, watched, maybe},
		{"LEA", "488D03", gpr{rbx: watched}, watched, no},
		{"NOP with an operand", "0F1F03", gpr{rbx: watched}, watched, no},
		{"prefetch", "0F180B", gpr{rbx: watched}, watched, no},
		{"register to register", "4889C3", gpr{rbx: watched}, watched, no},
		{"MOV to CR8, whose ModRM is never memory", "440F2203", gpr{rbx: watched}, watched, no},
		{"CALL through memory", "FF13", gpr{rbx: watched}, watched, no},
		{"RET", "C3", gpr{rsp: watched + 8}, watched, no},
	} {
		var in inst
		b := code(t, c.code)
		if err := in.decode(b); err != nil || int(in.len) != len(b) {
			t.Errorf("%s: %d bytes, %v", c.name, in.len, err)
			continue
		}
		pc := entry + uint64(len(b))
		if got, kind := in.touches(regsOf(pc, c.regs, 0), pc, span{c.addr, 1}); got != c.want {
			t.Errorf("%s: verdict %d (%v), want %d", c.name, got, kind, c.want)
		}
	}
}
