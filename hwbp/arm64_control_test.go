package hwbp

import "testing"

func TestDebugInfo(t *testing.T) {
	for _, c := range []struct {
		info    DebugInfo
		slots   int
		version uint8
	}{
		{0x0604, 4, 6}, // Armv8.0 with four
		{0x0806, 6, 8}, // Armv8.2 with six
		{0x0910, 16, 9},
		{0, 0, 0},
	} {
		if c.info.Slots() != c.slots || c.info.Version() != c.version {
			t.Errorf("%#x: %d slots, version %d", uint32(c.info), c.info.Slots(), c.info.Version())
		}
	}
}
