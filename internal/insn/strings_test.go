package insn

import (
	"testing"

	"pgregory.net/rapid"
)

// TestStringProgress runs string instructions in a model, an element at a
// time, and asks after every iteration whether the watched bytes have been
// reached, and whether they have just been accessed.
func TestStringProgress(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		op := rapid.SampledFrom([]uint8{0xA4, 0xA5, 0xAA, 0xAB, 0x6C, 0x6D}).Draw(t, "opcode")
		in := inst{op: op, pp: ppF3, len: 3, data16: rapid.Bool().Draw(t, "66")}
		if rapid.Bool().Draw(t, "REX.W") {
			in.rex = rexW
		}
		n := uint64(in.element())
		watch := span{0x10000 + rapid.Uint64Range(0, 7).Draw(t, "at"), rapid.IntRange(1, 8).Draw(t, "size")}
		count := rapid.Uint64Range(1, 20).Draw(t, "count")
		start := 0x10000 - rapid.Uint64Range(0, 40).Draw(t, "before")
		r := &Regs{PC: entry, Flags: flagRF}
		step := n
		if rapid.Bool().Draw(t, "backwards") {
			r.Flags |= flagDF
			step = -n
			start = 0x10000 + rapid.Uint64Range(0, 40).Draw(t, "after")
		}
		r.GPR[regRSI] = 1 << 40 // far away, both ways
		if step != n {
			r.GPR[regRSI] = 1 << 10
		}
		r.GPR[regRDI] = start
		reached := false
		for range count {
			element := span{r.GPR[regRDI], int(n)}
			r.GPR[regRDI] += step
			r.GPR[regRSI] += step
			reached = reached || element.overlaps(watch)
			kind, lag, ok := in.stringAccess(r, watch)
			if element.overlaps(watch) && (!ok || lag != 0 || kind != String) {
				t.Fatalf("just written, but %v, lag %d, %v", ok, lag, kind)
			}
			if reached && !ok {
				t.Fatal("was written, but not reached")
			}
			if !element.overlaps(watch) && kind == String && ok && lag == 0 {
				t.Fatal("not just written, but no lag")
			}
		}
	})
}

func TestElement(t *testing.T) {
	for text, want := range map[string]int{
		"A4": 1, "66A5": 2, "A5": 4, "48A5": 8, "F348AB": 8, "66AB": 2, "6C": 1, "6D": 4, "486D": 4, "666D": 2,
	} {
		var in inst
		if err := in.decode(code(t, text)); err != nil || !in.isString() {
			t.Fatalf("%s: %v", text, err)
		}
		if got := in.element(); got != want {
			t.Errorf("%s moves %d bytes, want %d", text, got, want)
		}
	}
}
