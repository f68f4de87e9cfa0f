package insn

import "testing"

func TestKindString(t *testing.T) {
	for k, want := range map[Kind]string{
		Other: "other", Plain: "plain", Modify: "modify", Exchange: "exchange", String: "string",
		Vector: "vector", Push: "push", Call: "call", Load: "load", Load + 1: "unknown",
	} {
		if got := k.String(); got != want {
			t.Errorf("Kind(%d) is %q, want %q", uint8(k), got, want)
		}
	}
}
