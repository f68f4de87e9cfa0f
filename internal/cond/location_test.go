package cond

import (
	"slices"
	"strings"
	"testing"
)

func TestParseLocation(t *testing.T) {
	frame, reg := inFrame, inRegister
	for text, want := range map[string][]part{
		"[block] DW_OP_fbreg -0x270d ":  {{frame, -0x270d, 24}},
		"[block] DW_OP_call_frame_cfa ": {{frame, 0, 24}},
		"[0x98:0x4aaec9] DW_OP_fbreg -0x8 DW_OP_piece 0x8 DW_OP_reg3(Rbx) DW_OP_piece 0x10 ": {{frame, -8, 8}, {reg, 3, 16}},
		"[0x98:0x4aaec9] DW_OP_piece 0x8 DW_OP_reg30(X30) DW_OP_piece 0x8 ":                  {{nowhere, 0, 8}, {reg, 30, 8}},
		"[0x60:0x4aaec9] DW_OP_fbreg 0x18  (escaped)":                                        {{frame, 0x18, 24}},
		"[0x60:0x4aaec9] DW_OP_reg0(Rax) ":                                                   {{reg, 0, 24}},
	} {
		got, escaped, err := parseLocation(text, 24)
		if err != nil || !slices.Equal(got, want) || escaped != strings.Contains(text, "escaped") {
			t.Errorf("%q: %v, %v, %v", text, got, escaped, err)
		}
	}
	for _, text := range []string{
		"", "[block] ", "[block] DW_OP_addr 0x5000", "[block] DW_OP_fbreg", "[block] DW_OP_fbreg x", "[block] DW_OP_fbreg 8 DW_OP_deref", "DW_OP_regx 0x21 (X)", "[block] DW_OP_regx", "DW_OP_regq(Q)",
		"[block] DW_OP_piece", "[block] DW_OP_fbreg 8 DW_OP_fbreg 8", "0x96 ", "[block] DW_OP_breg7(Rsp) 0x8",
	} {
		if got, _, err := parseLocation(text, 8); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func FuzzParseLocation(f *testing.F) {
	f.Add("[0x98:0x4aaec9] DW_OP_fbreg -0x8 DW_OP_piece 0x8 DW_OP_reg3(Rbx) DW_OP_piece 0x10  (escaped)")
	f.Fuzz(func(t *testing.T, text string) {
		parts, _, err := parseLocation(text, 8)
		if err == nil && len(parts) == 0 {
			t.Error("it is nowhere, and that is no error")
		}
	})
}
