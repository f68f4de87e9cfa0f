package record

import (
	"bytes"
	"testing"
)

// TestThere: what is in memory when all threads are stopped is what the last hit has found,
// however many threads write; and something else if it was written without a hit.
func TestThere(t *testing.T) {
	for _, threads := range []string{"1", "4"} {
		t.Run(threads, func(t *testing.T) {
			x := launch(t, "stores", "2000", threads)
			r := x.record(BPF, "x", 8, Config{})
			there := make([]byte, 8)
			if !r.There(there) || !bytes.Equal(there, x.read(x.symbols["x"], 8)) {
				t.Errorf("%x before anything was written", there)
			}
			x.runTo("done")
			now := x.read(x.symbols["x"], 8)
			if known := r.There(there); known && x.unknown == 0 && !bytes.Equal(there, now) || !known && threads == "1" {
				t.Errorf("%x is there, %x was found (known: %v)", now, there, known)
			}
			other := []byte("unseen!!")
			if err := r.SetThere(other); err != nil {
				t.Fatal(err)
			}
			if !r.There(there) || !bytes.Equal(there, other) {
				t.Errorf("%q, was told %q", there, other)
			}
		})
	}
	t.Run("samples", func(t *testing.T) {
		r := launch(t, "stores", "1", "1").record(Samples, "x", 8, Config{})
		if b := make([]byte, 8); r.There(b) || r.SetThere(b) != nil {
			t.Error("samples know values")
		}
	})
}
