package hwbp

import (
	"errors"
	"testing"

	"pgregory.net/rapid"
)

// TestEncodeWatchByHand: E is 1, PAC 10 is 4, LSC 01, 10 and 11 are 8, 10 and 18
// hexadecimal, BAS starts at bit 5 (Arm ARM, DBGWCR<n>_EL1).
func TestEncodeWatchByHand(t *testing.T) {
	for _, c := range []struct {
		p   Point
		wvr uint64
		wcr WCR
	}{
		{Point{0x1000, 8, Write}, 0x1000, 0x1ff5},
		{Point{0x1000, 8, Read}, 0x1000, 0x1fed},
		{Point{0x1000, 8, ReadWrite}, 0x1000, 0x1ffd},
		{Point{0x1000, 1, Write}, 0x1000, 0x35},
		{Point{0x1004, 4, Write}, 0x1000, 0xf0<<5 | 0x15}, // the upper word, at an address that is a multiple of 8
		{Point{0x1007, 1, Read}, 0x1000, 0x80<<5 | 0xd},
		{Point{0x1001, 3, ReadWrite}, 0x1000, 0x0e<<5 | 0x1d},
		{Point{0xfffffffffffffff9, 7, Write}, 0xfffffffffffffff8, 0xfe<<5 | 0x15},
	} {
		wvr, wcr, err := EncodeWatch(c.p)
		if wvr != c.wvr || wcr != c.wcr || err != nil {
			t.Errorf("%v: %#x, %#x, %v, want %#x, %#x", c.p, wvr, uint32(wcr), err, c.wvr, uint32(c.wcr))
		}
	}
}

func TestEncodeWatchRefuses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyPoint().Draw(t, "p")
		want := ARM64.Check(p) == nil && p.Access != Execute
		wvr, wcr, err := EncodeWatch(p)
		if (err == nil) != want || err != nil && (wvr != 0 || wcr != 0) {
			t.Fatalf("%v: %#x, %#x, %v", p, wvr, uint32(wcr), err)
		}
	})
	p := Point{0x1000, 4, Execute}
	var pe *PointError
	if _, _, err := EncodeWatch(p); !errors.As(err, &pe) || pe.Point != p {
		t.Errorf("%v: %v", p, err)
	}
}

func TestDecodeWatch(t *testing.T) {
	for _, c := range []struct {
		name     string
		wvr      uint64
		wcr      WCR
		want     Point
		enabled  bool
		register string // of the error, if any
	}{
		{"never used", 0, 0, Point{}, false, ""},
		{"empty, an address left", 0x1004, 0, Point{}, false, ""},
		{"armed", 0x1000, 0x1ff5, Point{0x1000, 8, Write}, true, ""},
		{"at address 0", 0, 0x1ff5, Point{0, 8, Write}, true, ""},
		{"disarmed, its words left", 0x1000, 0x1ff4, Point{0x1000, 8, Write}, false, ""},
		{"user and kernel", 0x1000, 0x1ff7, Point{0x1000, 8, Write}, true, ""},
		{"gap", 0x1000, 0x5<<5 | 0x15, Point{}, true, "WCR"},
		{"ends only", 0x1000, 0x81<<5 | 0x15, Point{}, true, "WCR"},
		{"no byte", 0x1000, 0x15, Point{}, true, "WCR"},
		{"no access", 0x1000, 0x1fe5, Point{}, true, "WCR"},
		{"kernel only", 0x1000, 0x1ff3, Point{}, true, "WCR"},
		{"hypervisor bit", 0x1000, 0x1ff5 | 1<<13, Point{}, true, "WCR"},
		{"linked", 0x1000, 0x1ff5 | 1<<20, Point{}, true, "WCR"},
		{"masked", 0x1000, 0x1ff5 | 3<<24, Point{}, true, "WCR"},
		{"odd, off", 0x1000, 0x14, Point{}, false, "WCR"},
		{"address not a multiple of 8", 0x1004, 0xf<<5 | 0x15, Point{}, true, "WVR"},
	} {
		p, enabled, err := DecodeWatch(c.wvr, c.wcr)
		if p != c.want || enabled != c.enabled || (err != nil) != (c.register != "") {
			t.Errorf("%s: %v, %v, %v", c.name, p, enabled, err)
		}
		var de *DecodeError
		if err != nil && (!errors.As(err, &de) || de.Register != c.register) {
			t.Errorf("%s: not about %s: %v", c.name, c.register, err)
		}
	}
}

// TestDecodeWatchEveryByteSelect: of the 256 selections the 36 runs decode.
func TestDecodeWatchEveryByteSelect(t *testing.T) {
	runs := map[uint32]Point{}
	for from := range 8 {
		for n := 1; from+n <= 8; n++ {
			var bas uint32
			for b := range n {
				bas |= 1 << (from + b)
			}
			runs[bas] = Point{0x1000 + uint64(from), uint8(n), Write}
		}
	}
	for bas := range uint32(256) {
		p, _, err := DecodeWatch(0x1000, WCR(bas<<5|0x15))
		want, isRun := runs[bas]
		if p != want || (err == nil) != isRun {
			t.Errorf("byte select %#08b: %v, %v, want %v", bas, p, err, want)
		}
	}
	if len(runs) != 36 {
		t.Errorf("%d runs, want 36", len(runs))
	}
}

func TestWatchRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := legalPoint(ARM64, Write, ReadWrite, Read).Draw(t, "p")
		wvr, wcr, err := EncodeWatch(p)
		if err != nil || wvr%8 != 0 || !wcr.Enabled() {
			t.Fatalf("%v: %#x, %#x, %v", p, wvr, uint32(wcr), err)
		}
		if got, enabled, err := DecodeWatch(wvr, wcr); got != p || !enabled || err != nil {
			t.Fatalf("%v came back as %v, %v, %v", p, got, enabled, err)
		}
	})
}

func FuzzDecodeWatch(f *testing.F) {
	f.Add(uint64(0x1000), uint32(0x1ff5))
	f.Add(uint64(0), uint32(0))
	f.Add(uint64(0x1004), uint32(0x1f5))
	f.Add(^uint64(0), ^uint32(0))
	f.Fuzz(func(t *testing.T, wvr uint64, word uint32) {
		wcr := WCR(word)
		p, enabled, err := DecodeWatch(wvr, wcr)
		if enabled != (word&1 == 1) {
			t.Fatalf("%#x enabled: %v", word, enabled)
		}
		if p == (Point{}) {
			if err == nil && word != 0 {
				t.Fatalf("%#x, %#x read as an empty slot", wvr, word)
			}
			return
		}
		wvr2, wcr2, err2 := EncodeWatch(p)
		if err != nil || err2 != nil || wvr2 != wvr {
			t.Fatalf("%#x, %#x: %v, %v; again %#x, %#x, %v", wvr, word, p, err, wvr2, uint32(wcr2), err2)
		}
		if p2, _, err := DecodeWatch(wvr2, wcr2); p2 != p || err != nil {
			t.Fatalf("%v re-encoded reads %v, %v", p, p2, err)
		}
	})
}
