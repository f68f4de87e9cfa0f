package kfilter

import (
	"encoding/binary"
	"errors"
	"testing"

	"github.com/argusdbg/argus/internal/bpfhit"
)

// mustLoad skips a test where programs are not permitted.
func mustLoad(t *testing.T, c Config) *Filter {
	t.Helper()
	f, err := Load(c)
	var denied *bpfhit.PermissionError
	if errors.As(err, &denied) || !bpfhit.Supported {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return f
}

func counting() Config {
	return Config{Addr: 0x1000, Size: 4, Value: []byte{1, 2, 3, 4}, Matched: 5, Every: 3}
}

// TestLoad: the kernel takes programs of all forms.
func TestLoad(t *testing.T) {
	for _, op := range []string{"==", "!=", "<", "<=", ">", ">=", "%"} {
		for size := 1; size <= 8; size *= 2 {
			mustLoad(t, Config{Addr: 0x1000, Size: size, Value: make([]byte, size), Count: bpfhit.Comparison{Op: op, N: 1 << 40}, Every: 1 << 50})
		}
	}
	for _, c := range []Config{{Size: 9, Value: make([]byte, 9)}, {Size: 4}, {}} {
		if f, err := Load(c); f != nil || err == nil {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// TestNumbers: what was counted and found stays when the filter is closed.
func TestNumbers(t *testing.T) {
	f := mustLoad(t, counting())
	got := make([]byte, 4)
	if f.Last(got); string(got) != "\x01\x02\x03\x04" || f.Matched() != 5 || f.Match() != 6 || f.Filtered() != 0 {
		t.Errorf("% x, %d", got, f.Matched())
	}
	f.SetLast([]byte{9, 8, 7, 6})
	if f.Last(got); binary.BigEndian.Uint32(got) != 0x09080706 {
		t.Errorf("% x", got)
	}
	f.Close()
	f.Close()
	f.SetLast(got)
	if f.Matched() != 6 || f.Match() != 7 || f.Matched() != 7 || f.Filtered() != 0 {
		t.Error("the numbers have changed")
	}
	if a, err := f.Attach(nil); a != nil || err == nil {
		t.Error("a filter that is closed is attached")
	}
}

// TestLoadGoroutine: the kernel takes programs for one goroutine, whatever else they decide, and
// it is an error if goroutines are not known.
func TestLoadGoroutine(t *testing.T) {
	known := bpfhit.Goroutines{ID: 152, StartPC: 200, M: 48, Current: 184, TLS: ^uint64(7), Known: true}
	for _, c := range []Config{
		{},
		{Undecided: true},
		{Undecided: true, Every: 7},
		{Every: 3},
		{Count: bpfhit.Comparison{Op: "==", N: 4}},
		{AboutThread: true},
	} {
		for size := 1; size <= 8; size++ {
			c.Addr, c.Size, c.Value, c.Goroutine, c.Goroutines = 0x1000, size, make([]byte, size), 1<<40, known
			if f := mustLoad(t, c); f.Foreign() != 0 {
				t.Error(f.Foreign())
			}
		}
	}
	f, err := Load(Config{Addr: 0x1000, Size: 8, Value: make([]byte, 8), Goroutine: 1})
	var unsupported *bpfhit.UnsupportedError
	if f != nil || !errors.As(err, &unsupported) {
		t.Errorf("%v", err)
	}
}
