package dap

import (
	"testing"

	"github.com/argusdbg/argus/backend"
	"pgregory.net/rapid"
)

func TestDataIDs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := dataID{
			Expr: rapid.StringN(1, 30, -1).Draw(t, "expr"), Package: rapid.Bool().Draw(t, "package"), Bytes: rapid.IntRange(0, 1<<20).Draw(t, "bytes"),
			Mode: rapid.SampledFrom([]backend.Mode{"", backend.ModeExact, backend.ModeSampled}).Draw(t, "mode"), PID: rapid.IntRange(0, 1<<22).Draw(t, "pid"),
			Addr: rapid.Uint64().Draw(t, "addr"), Type: rapid.String().Draw(t, "type"), Local: rapid.Bool().Draw(t, "local"),
			Goroutine: rapid.Int64().Draw(t, "goroutine"), Frame: rapid.IntRange(0, 100).Draw(t, "frame"),
		}
		back, err := parseDataID(id.String())
		if err != nil || back.String() != id.String() {
			t.Fatalf("%s became %v, %v", &id, back, err)
		}
	})
	for _, bad := range []string{"", "null", "{}", "7", "[]", "1,0,x", `{"bytes":8}`, `{"expr":"x","bytes":-1}`, `{"expr":7}`} {
		if id, err := parseDataID(bad); err == nil {
			t.Errorf("%q is taken for %s", bad, id)
		}
	}
}

func TestDataNames(t *testing.T) {
	for want, id := range map[string]dataID{
		"main.x":               {Expr: "main.x"},
		"4 bytes at main.x":    {Expr: "main.x", Bytes: 4},
		"8 bytes at 0xc000010": {Addr: 0xc000010, Bytes: 8},
	} {
		if got := id.name(); got != want {
			t.Errorf("%s is called %s", want, got)
		}
	}
	for n, want := range map[int]string{1: "*(*uint8)(0x10)", 8: "*(*uint64)(0x10)", 3: "*(*[3]uint8)(0x10)", 16: "*(*[16]uint8)(0x10)"} {
		if got := bytesAt(16, n); got != want {
			t.Errorf("%d bytes: %s", n, got)
		}
	}
}

func TestWithoutParens(t *testing.T) {
	for expr, want := range map[string]string{
		"(main.a).b[1]": "main.a.b[1]", "((main.a).b)[(i)]": "main.a.b[i]", "(*p).x": "(*p).x", "(*(p)).x": "(*p).x",
		"*(*int)(0x10)": "*(*int)(0x10)", "(a + b)[0]": "(a + b)[0]", `m["(x)"]`: `m["(x)"]`, "(": "(", "": "",
	} {
		if got := withoutParens(expr); got != want {
			t.Errorf("%s became %s, and not %s", expr, got, want)
		}
	}
}
