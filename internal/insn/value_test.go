package insn

import (
	"bytes"
	"testing"
)

// valueCase is an instruction that has completed with these registers. An
// empty text for a value says that it cannot be told.
type valueCase struct {
	name, code   string
	regs         gpr
	flags        uint64
	at           uint64
	written, old string // bytes in the order of memory
}

const pattern = 0x8877665544332211

var valueCases = []valueCase{
	{name: "MOV 8", code: "488903", regs: gpr{rbx: watched, rax: pattern}, at: watched, written: "1122334455667788"},
	{name: "MOV 4", code: "8903", regs: gpr{rbx: watched, rax: pattern}, at: watched, written: "11223344"},
	{name: "MOV 2", code: "668903", regs: gpr{rbx: watched, rax: pattern}, at: watched, written: "1122"},
	{name: "MOV 1", code: "8803", regs: gpr{rbx: watched, rax: pattern}, at: watched, written: "11"},
	{name: "MOV from AH", code: "8823", regs: gpr{rbx: watched, rax: pattern}, at: watched, written: "22"},
	{name: "MOV from BH, its own base", code: "883B", regs: gpr{rbx: watched}, at: watched, written: "01"},
	{name: "MOV from SPL, for there is a REX", code: "408823", regs: gpr{rbx: watched, rsp: pattern}, at: watched, written: "11"},
	{name: "MOV from R9 with index", code: "4D894CC010", regs: gpr{r8: watched - 0x30, rax: 4, r9: pattern}, at: watched, written: "1122334455667788"},
	{name: "MOV from its own base", code: "48891B", regs: gpr{rbx: watched}, at: watched, written: "00010100C0000000"},
	{name: "MOV of a byte", code: "C60380", regs: gpr{rbx: watched}, at: watched, written: "80"},
	{name: "MOV of a word", code: "66C7031122", regs: gpr{rbx: watched}, at: watched, written: "1122"},
	{name: "MOV of 32 bits", code: "C70311223384", regs: gpr{rbx: watched}, at: watched, written: "11223384"},
	{name: "MOV of 32 bits, sign-extended to 64", code: "48C70311223384", regs: gpr{rbx: watched}, at: watched, written: "11223384FFFFFFFF"},
	{name: "MOV moffs 8", code: "48A3 00010100C0000000", regs: gpr{rax: pattern}, at: watched, written: "1122334455667788"},
	{name: "MOV moffs 1", code: "A2 00010100C0000000", regs: gpr{rax: pattern}, at: watched, written: "11"},
	{name: "MOV moffs of 32 bits", code: "67A3 00010180", regs: gpr{rax: pattern}, at: 0x80010100, written: "11223344"},
	{name: "MOV with 32-bit address", code: "678943F8", regs: gpr{rbx: 0xF_0000_0004, rax: pattern}, at: 0xFFFFFFFC, written: "11223344"},
	{name: "MOVNTI", code: "480FC303", regs: gpr{rbx: watched, rax: pattern}, at: watched, written: "1122334455667788"},
	{name: "MOVBE 4", code: "0F38F103", regs: gpr{rbx: watched, rax: pattern}, at: watched, written: "44332211"},
	{name: "MOVBE 2", code: "660F38F103", regs: gpr{rbx: watched, rax: pattern}, at: watched, written: "2211"},
	{name: "MOVDIRI", code: "480F38F903", regs: gpr{rbx: watched, rax: pattern}, at: watched, written: "1122334455667788"},
	{name: "PUSH", code: "50", regs: gpr{rsp: watched, rax: pattern}, at: watched, written: "1122334455667788"},
	{name: "PUSH R9", code: "4151", regs: gpr{rsp: watched, r9: pattern}, at: watched, written: "1122334455667788"},
	{name: "PUSH AX", code: "6650", regs: gpr{rsp: watched, rax: pattern}, at: watched, written: "1122"},
	{name: "PUSH RSP pushes what it was", code: "54", regs: gpr{rsp: watched}, at: watched, written: "08010100C0000000"},
	{name: "PUSH of a byte, sign-extended", code: "6AFE", regs: gpr{rsp: watched}, at: watched, written: "FEFFFFFFFFFFFFFF"},
	{name: "PUSH of 32 bits, sign-extended", code: "6811223384", regs: gpr{rsp: watched}, at: watched, written: "11223384FFFFFFFF"},
	{name: "PUSH of memory", code: "FF33", regs: gpr{rsp: watched}},
	{name: "PUSH FS", code: "0FA0", regs: gpr{rsp: watched}},
	{name: "PUSHF", code: "9C", regs: gpr{rsp: watched}},

	{name: "XCHG 8", code: "488703", regs: gpr{rbx: watched, rax: pattern}, at: watched, old: "1122334455667788"},
	{name: "XCHG AH", code: "8623", regs: gpr{rbx: watched, rax: pattern}, at: watched, old: "22"},
	{name: "XCHG of its own base", code: "48871B", regs: gpr{rbx: watched}},
	{name: "XCHG BH of its own base", code: "863B", regs: gpr{rbx: watched}},
	{name: "LOCK XADD 4", code: "F00FC103", regs: gpr{rbx: watched, rax: pattern}, at: watched, old: "11223344"},
	{name: "LOCK XADD 2", code: "F0660FC103", regs: gpr{rbx: watched, rax: pattern}, at: watched, old: "1122"},
	{name: "CMPccXADD", code: "C4E2E9E103", regs: gpr{rbx: watched, rax: pattern}, at: watched, old: "1122334455667788"},
	{name: "CMPXCHG done", code: "F0480FB10B", regs: gpr{rbx: watched, rax: 5, rcx: pattern}, flags: flagZF, at: watched, written: "1122334455667788", old: "0500000000000000"},
	{name: "CMPXCHG refused", code: "F0480FB10B", regs: gpr{rbx: watched, rax: 5, rcx: pattern}, at: watched, written: "0500000000000000", old: "0500000000000000"},
	{name: "CMPXCHG of CH", code: "0FB02B", regs: gpr{rbx: watched, rax: 5, rcx: pattern}, flags: flagZF, at: watched, written: "22", old: "05"},
	{name: "CMPXCHG based on RAX", code: "F0480FB108", regs: gpr{rax: watched, rcx: pattern}},
	{name: "CMPXCHG8B done", code: "F00FC70F", regs: gpr{rdi: watched, rax: 0xA_00000001, rdx: 0xA_00000002, rbx: 0xA_00000003, rcx: 0xA_00000004}, flags: flagZF, at: watched,
		written: "0300000004000000", old: "0100000002000000"},
	{name: "CMPXCHG16B done", code: "F0480FC70F", regs: gpr{rdi: watched, rax: 1, rdx: 2, rbx: 3, rcx: 4}, flags: flagZF, at: watched,
		written: "03000000000000000400000000000000", old: "01000000000000000200000000000000"},
	{name: "CMPXCHG16B refused", code: "F0480FC70F", regs: gpr{rdi: watched, rax: 1, rdx: 2, rbx: 3, rcx: 4}, at: watched,
		written: "01000000000000000200000000000000", old: "01000000000000000200000000000000"},

	{name: "INC", code: "48FF03", regs: gpr{rbx: watched}},
	{name: "SETcc", code: "0F9403", regs: gpr{rbx: watched}},
	{name: "MOV from a segment register", code: "8C1B", regs: gpr{rbx: watched}},
	{name: "MOVUPS", code: "0F1103", regs: gpr{rbx: watched}},
	{name: "STOSQ", code: "48AB", regs: gpr{rdi: watched + 8}},
	{name: "load", code: "488B03", regs: gpr{rbx: watched}},
}

func TestValues(t *testing.T) {
	for _, c := range valueCases {
		b := code(t, c.code)
		var in inst
		if err := in.decode(b); err != nil || int(in.len) != len(b) {
			t.Errorf("%s: %d bytes, %v", c.name, in.len, err)
			continue
		}
		s := in.store(entry)
		r := regsOf(entry+uint64(len(b)), c.regs, c.flags)
		check := func(what, want string, v Value, ok bool) {
			bytesWanted := code(t, want)
			if ok != (want != "") {
				t.Errorf("%s: %s: told is %v", c.name, what, ok)
			} else if ok && (v.Addr != c.at || !bytes.Equal(v.Data[:v.Size], bytesWanted)) {
				t.Errorf("%s: %s: % X at %#x, want % X at %#x", c.name, what, v.Data[:v.Size], v.Addr, bytesWanted, c.at)
			} else if !bytes.Equal(v.Data[v.Size:], make([]byte, 16-v.Size)) {
				t.Errorf("%s: %s: bytes behind the value: % X", c.name, what, v.Data)
			}
		}
		v, ok := s.Written(r)
		if ok {
			check("written", c.written, v, ok)
		} else {
			check("written", c.written, Value{}, ok)
		}
		v, ok = s.OldValue(r)
		if ok {
			check("old", c.old, v, ok)
		} else {
			check("old", c.old, Value{}, ok)
		}
		checkSources(t, c.name, s, r)
		if n := testing.AllocsPerRun(10, func() { s.Written(r); s.OldValue(r) }); n != 0 {
			t.Errorf("%s: %v allocations", c.name, n)
		}
	}
}

func TestWrittenCall(t *testing.T) {
	mem := memory{caller: code(t, "E8 FBEFFFFF FF18 C3")}
	s, err := CallBefore(mem, caller, caller+8, caller+5)
	if err != nil {
		t.Fatal(err)
	}
	v, ok := s.Written(regsOf(entry, gpr{rsp: watched}, 0))
	if !ok || v != newValue(watched, 8, caller+5, 0) {
		t.Errorf("%+v, %v", v, ok)
	}
	far, err := CallBefore(mem, caller, caller+8, caller+7)
	if err != nil {
		t.Fatal(err)
	}
	if v, ok := far.Written(regsOf(entry, gpr{rsp: watched}, 0)); ok {
		t.Errorf("far call, which pushes CS too: %+v", v)
	}
}

// TestValuesOfReads checks that a PUSH reported because it read says nothing
// about what it wrote elsewhere.
func TestValuesOfReads(t *testing.T) {
	mem := memory{entry: code(t, "FF33")}
	s, err := Writer(mem, entry, entry+2, regsOf(entry+2, gpr{rbx: watched}, 0), watched, 8)
	if err != nil || s.Kind != Load {
		t.Fatalf("%+v, %v", s, err)
	}
	if v, ok := s.Written(regsOf(entry+2, gpr{rbx: watched}, 0)); ok {
		t.Errorf("%+v", v)
	}
}
