package hwbp

import (
	"errors"
	"testing"

	"pgregory.net/rapid"
)

// TestEncodeBreakByHand: E is 1, PMC 10 is 4, BAS 1111 from bit 5 is 1e0 (Arm ARM,
// DBGBCR<n>_EL1).
func TestEncodeBreakByHand(t *testing.T) {
	bvr, bcr, err := EncodeBreak(Point{0x401004, 4, Execute})
	if bvr != 0x401004 || bcr != 0x1e5 || err != nil {
		t.Errorf("%#x, %#x, %v", bvr, uint32(bcr), err)
	}
}

func TestEncodeBreakRefuses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyPoint().Draw(t, "p")
		want := ARM64.Check(p) == nil && p.Access == Execute
		bvr, bcr, err := EncodeBreak(p)
		if (err == nil) != want || err != nil && (bvr != 0 || bcr != 0) {
			t.Fatalf("%v: %#x, %#x, %v", p, bvr, uint32(bcr), err)
		}
	})
	p := Point{0x1000, 4, Write}
	var pe *PointError
	if _, _, err := EncodeBreak(p); !errors.As(err, &pe) || pe.Point != p {
		t.Errorf("%v: %v", p, err)
	}
}

func TestDecodeBreak(t *testing.T) {
	for _, c := range []struct {
		name     string
		bvr      uint64
		bcr      BCR
		want     Point
		enabled  bool
		register string // of the error, if any
	}{
		{"never used", 0, 0, Point{}, false, ""},
		{"empty, an address left", 0x401002, 0, Point{}, false, ""},
		{"armed", 0x401004, 0x1e5, Point{0x401004, 4, Execute}, true, ""},
		{"disarmed, its words left", 0x401004, 0x1e4, Point{0x401004, 4, Execute}, false, ""},
		{"32-bit code", 0x401004, 0x3<<5 | 5, Point{}, true, "BCR"},
		{"watchpoint bytes", 0x401004, 0x1fe5, Point{}, true, "BCR"},
		{"watchpoint access", 0x401004, 0x1f5, Point{}, true, "BCR"},
		{"kernel only", 0x401004, 0x1e3, Point{}, true, "BCR"},
		{"context", 0x401004, 0x1e5 | 3<<20, Point{}, true, "BCR"},
		{"odd, off", 0x401004, 0x4, Point{}, false, "BCR"},
		{"within an instruction", 0x401002, 0x1e5, Point{}, true, "BVR"},
	} {
		p, enabled, err := DecodeBreak(c.bvr, c.bcr)
		if p != c.want || enabled != c.enabled || (err != nil) != (c.register != "") {
			t.Errorf("%s: %v, %v, %v", c.name, p, enabled, err)
		}
		var de *DecodeError
		if err != nil && (!errors.As(err, &de) || de.Register != c.register) {
			t.Errorf("%s: not about %s: %v", c.name, c.register, err)
		}
	}
}

func TestBreakRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := legalPoint(ARM64, Execute).Draw(t, "p")
		bvr, bcr, err := EncodeBreak(p)
		if err != nil || !bcr.Enabled() {
			t.Fatalf("%v: %#x, %#x, %v", p, bvr, uint32(bcr), err)
		}
		if got, enabled, err := DecodeBreak(bvr, bcr); got != p || !enabled || err != nil {
			t.Fatalf("%v came back as %v, %v, %v", p, got, enabled, err)
		}
	})
}

func FuzzDecodeBreak(f *testing.F) {
	f.Add(uint64(0x401004), uint32(0x1e5))
	f.Add(uint64(0), uint32(0))
	f.Add(^uint64(0), ^uint32(0))
	f.Fuzz(func(t *testing.T, bvr uint64, word uint32) {
		bcr := BCR(word)
		p, enabled, err := DecodeBreak(bvr, bcr)
		if enabled != (word&1 == 1) {
			t.Fatalf("%#x enabled: %v", word, enabled)
		}
		if p == (Point{}) {
			if err == nil && word != 0 {
				t.Fatalf("%#x, %#x read as an empty slot", bvr, word)
			}
			return
		}
		bvr2, bcr2, err2 := EncodeBreak(p)
		if err != nil || err2 != nil || bvr2 != bvr {
			t.Fatalf("%#x, %#x: %v, %v; again %#x, %#x, %v", bvr, word, p, err, bvr2, uint32(bcr2), err2)
		}
		if p2, _, err := DecodeBreak(bvr2, bcr2); p2 != p || err != nil {
			t.Fatalf("%v re-encoded reads %v, %v", p, p2, err)
		}
	})
}
