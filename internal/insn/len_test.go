package insn

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// code turns "48 89 C3" into bytes.
func code(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return b
}

// lengths are instructions whose length is easy to get wrong.
var lengths = []struct{ text, what string }{
	{"90", "nop"},
	{"48 B8 1122334455667788", "mov rax, imm64"},
	{"66 B8 1122", "mov ax, imm16"},
	{"66 48 B8 1122334455667788", "REX.W beats 66"},
	{"48 66 B8 1122", "REX that is not last does not count"},
	{"66 48 C7 00 11223344", "mov qword [rax], imm32: REX.W beats 66"},
	{"66 C7 00 1122", "mov word [rax], imm16"},
	{"A2 1122334455667788", "mov [moffs64], al"},
	{"67 A3 11223344", "mov [moffs32], eax"},
	{"66 E9 11223344", "jmp rel32 with 66, as Intel decodes it"},
	{"66 0F 84 11223344", "je rel32 with 66"},
	{"66 48 E8 11223344", "call rel32 of __tls_get_addr"},
	{"66 C7 F8 1122", "xbegin rel16"},
	{"C8 112233", "enter"},
	{"C2 1122", "ret imm16"},
	{"F6 00 11", "test byte [rax], imm8"},
	{"F6 10", "not byte [rax]"},
	{"F7 00 11223344", "test dword [rax], imm32"},
	{"66 F7 00 1122", "test word [rax], imm16"},
	{"F7 18", "neg dword [rax]"},
	{"8B 04 25 11223344", "no base, no index"},
	{"8B 05 11223344", "relative to rip"},
	{"41 8B 45 00", "r13 needs a displacement"},
	{"41 8B 04 24", "r12 needs a SIB"},
	{"8B 44 24 11", "rsp needs a SIB"},
	{"8B 84 24 11223344", "disp32"},
	{"0F 20 04", "mov rsp, cr0: its mod field does not count"},
	{"0F 0F 01 94", "3DNow! pfsub"},
	{"66 0F 78 C0 11 22", "SSE4a extrq"},
	{"0F 78 C0", "vmread"},
	{"0F 38 F0 00", "movbe"},
	{"66 0F 3A 0F C1 11", "palignr"},
	{"C5 F8 77", "vzeroupper"},
	{"C5 FE 6F 06", "vmovdqu ymm0, [rsi]"},
	{"C4 E3 7D 19 00 11", "vextractf128 [rax], ymm0, imm8"},
	{"C4 E3 7D 4B C1 20", "is4 register in an immediate"},
	{"C4 E7 7B F8 C0 11223344", "urdmsr: map 7 has imm32"},
	{"64 C5 FE 7F 04 25 11223344", "vmovdqu fs:[disp32], ymm0"},
	{"62 F1 7E 48 6F 46 01", "vmovdqu32 zmm0, [rsi+64]"},
	{"62 F1 FE 48 7F 84 24 11223344", "vmovdqu64 [rsp+disp32], zmm0"},
	{"62 F3 7D 48 25 C0 FF", "vpternlogd"},
	{"62 F5 7E 08 11 00", "vmovsh, map 5"},
	{"8F 00", "pop qword [rax]"},
	{"8F E8 78 A2 C1 20", "XOP map 8"},
	{"8F E9 78 80 C1", "XOP map 9"},
	{"8F EA 78 10 C1 11223344", "XOP map A"},
	{"F0 0F C1 03", "lock xadd"},
	{"F3 48 AB", "rep stosq"},
	{"F3 0F 1E FA", "endbr64"},
	{"66 66 2E 0F 1F 84 00 00000000", "long nop"},
	{"66 66 66 66 66 2E 0F 1F 84 00 00000000", "fourteen bytes"},
	{"66 66 66 66 66 66 2E 0F 1F 84 00 00000000", "fifteen bytes"},
}

func TestLen(t *testing.T) {
	for _, l := range lengths {
		b := code(t, l.text)
		if n, err := Len(append(b, 0xCC)); n != len(b) || err != nil {
			t.Errorf("%s (%s): Len = %d, %v, want %d", l.text, l.what, n, err, len(b))
		}
	}
}

func TestLenTruncated(t *testing.T) {
	for _, l := range lengths {
		b := code(t, l.text)
		for n := range b {
			if got, err := Len(b[:n:n]); !errors.Is(err, ErrTruncated) {
				t.Errorf("%s (%s) cut to %d bytes: Len = %d, %v", l.text, l.what, n, got, err)
			}
		}
	}
}

func TestLenInvalid(t *testing.T) {
	for _, text := range []string{
		"06", "0E", "16", "1F", "27", "2F", "37", "3F", "60", "61", "82 C0 01", "9A 112233445566", "CE",
		"D4 0A", "D5 00 90", "D6", "EA 112233445566", // gone in 64-bit mode; D5 is REX2
		"0F 04", "0F 0A", "0F 0C", "0F 24 C0", "0F 39", "0F 3B", "0F 7A C0", // never were
		"8D C0", "8F 38 00", "C6 48 00 11", "C7 48 00 11223344", "FE D0", "FF F8", "FF D8", "FF E8", // reserved by ModRM
		"48 C5 F8 77", "66 C5 F8 77", "F3 C4 E2 79 00 00", "F0 62 F1 7E 48 6F 06", // prefix before VEX
		"C4 E0 79 00 00", "C4 E9 79 00 00", "62 F0 7E 48 6F 06", "62 F4 7C 08 01 C0", "62 F9 7E 48 6F 06", // no such map
		"8F EB 78 10 C1", "8F E9 79 80 C1", // XOP map, XOP pp
		strings.Repeat("66", 15) + "90", "66 " + "66 66 66 66 66 66 2E 0F 1F 84 00 00000000", // 16 bytes
	} {
		if n, err := Len(append(code(t, text), bytes.Repeat([]byte{0}, maxLen)...)); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: Len = %d, %v, want ErrInvalid", text, n, err)
		}
	}
}

// checkLen checks what holds for any bytes.
func checkLen(t interface{ Errorf(string, ...any) }, b []byte) {
	n, err := Len(b)
	if err != nil {
		if n != 0 || !errors.Is(err, ErrTruncated) && !errors.Is(err, ErrInvalid) {
			t.Errorf("% x: Len = %d, %v", b, n, err)
		}
		if errors.Is(err, ErrTruncated) && len(b) >= maxLen {
			t.Errorf("% x: truncated, with %d bytes", b, len(b))
		}
		return
	}
	if n < 1 || n > maxLen || n > len(b) {
		t.Errorf("% x: Len = %d of %d bytes", b, n, len(b))
		return
	}
	if m, err := Len(b[:n:n]); m != n || err != nil {
		t.Errorf("% x: reads behind the %d bytes it says: %d, %v", b, n, m, err)
	}
	for m := range n {
		if got, err := Len(b[:m:m]); !errors.Is(err, ErrTruncated) {
			t.Errorf("% x: Len = %d, but cut to %d bytes it is %d, %v", b, n, m, got, err)
		}
	}
}

func TestLenProperties(t *testing.T) {
	starts := []string{"", "0F", "0F38", "0F3A", "C5", "C4", "62", "8F", "66", "F3", "48", "67"}
	rapid.Check(t, func(t *rapid.T) {
		start, _ := hex.DecodeString(rapid.SampledFrom(starts).Draw(t, "start"))
		checkLen(t, append(start, rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "code")...))
	})
}

func FuzzLen(f *testing.F) {
	for _, l := range lengths {
		f.Add(code(f, l.text))
	}
	f.Fuzz(func(t *testing.T, b []byte) { checkLen(t, b) })
}

func BenchmarkLen(b *testing.B) {
	for _, text := range []string{"48 89 44 24 08", "62 F1 FE 48 7F 84 24 11223344"} {
		b.Run(strings.ReplaceAll(text, " ", ""), func(b *testing.B) {
			insn := code(b, text)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Len(insn); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
