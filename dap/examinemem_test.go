package dap

import (
	"strings"
	"testing"
)

func TestParseExamine(t *testing.T) {
	for _, test := range []struct {
		args string
		want examination
	}{
		{"0x10", examination{format: 'x', count: 1, size: 1, operand: "0x10"}},
		{" -count 3   -size 8 16", examination{format: 'x', count: 3, size: 8, operand: "16"}},
		{"-fmt binary -len 2 0x10", examination{format: 'b', count: 2, size: 1, operand: "0x10"}},
		{"-fmt dec -x &x + 8", examination{format: 'd', count: 1, size: 1, expr: true, operand: "&x + 8"}},
		{"-count 5000 1", examination{format: 'x', count: 1000, size: 1, operand: "1"}},
	} {
		if got, err := parseExamine(test.args); err != nil || *got != test.want {
			t.Errorf("%s: %+v, %v, want %+v", test.args, got, err, test.want)
		}
	}
	for _, bad := range []string{"", "-fmt", "-fmt up 0x10", "-count 0 0x10", "-count x 0x10", "-size 9 0x10", "-size 4", "-x", "-up 3 0x10"} {
		if got, err := parseExamine(bad); err == nil {
			t.Errorf("%q is accepted: %+v", bad, got)
		}
	}
}

func TestFormatMemory(t *testing.T) {
	mem := []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 255}
	for _, test := range []struct {
		format byte
		size   int
		want   string
	}{
		{'x', 1, "0xff8:    0x01   0x02   0x03   0x04   0x05   0x06   0x07   0x08   \n0x1000:   0x09   0xff   \n"},
		{'x', 4, "0x0ff8:   0x04030201   0x08070605   \n"},
		{'d', 2, "0x0ff8:   000513   001027   001541   002055   065289   \n"},
		{'o', 1, "0x0ff8:   0001   0002   0003   0004   0005   0006   0007   0010   \n0x1000:   0011   0377   \n"},
		{'b', 8, "0x0ff8:   0000100000000111000001100000010100000100000000110000001000000001   \n"},
	} {
		got := formatMemory(0xff8, mem, test.format, test.size)
		want := strings.Replace(test.want, "0xff8:    ", "0x0ff8:   ", 1)
		if got != want {
			t.Errorf("%c, %d bytes each:\n%s\nwant\n%s", test.format, test.size, got, want)
		}
	}
}

func TestExamineMemory(t *testing.T) {
	ed, _, frame := view(t, "look", nil)
	list := ed.locals(frame)["list"].MemoryReference
	want := list + ":   0x0000000000000001   0x0000000000000002   0x0000000000000003   \n"
	for _, line := range []string{"-count 3 -size 8 " + list, "-count 3 -size 8 -x &list[0]", "-count 3 -size 8 -x uintptr(" + list + ")"} {
		if got := ed.evaluate("dlv examinemem "+line, frame).Result; got != want {
			t.Errorf("examinemem %s: %q, want %q", line, got, want)
		}
	}
	if got := ed.evaluate("argus x -fmt raw -count 5 -x &bytes[0]", frame).Result; got != "tèst" {
		t.Errorf("raw: %q", got)
	}
	for _, bad := range []string{"", "nobody", "-x nobody", "0x1", "-x name"} {
		fails(ed, "evaluate", with{"expression": "argus x " + bad, "frameId": frame})
	}
}
