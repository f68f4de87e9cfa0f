package record

import (
	"encoding/binary"
	"runtime"
	"testing"

	"github.com/argusdbg/argus/internal/perf"
)

// TestRegs: every register is where the kernel puts it, in both forms, and each is used
// once.
func TestRegs(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("there is one form on " + runtime.GOARCH)
	}
	b := make([]byte, 8*contextWords)
	for i := range contextWords {
		binary.NativeEndian.PutUint64(b[8*i:], uint64(i))
	}
	var r Regs
	fromContext(&r, b)
	seen := map[uint64]bool{}
	for _, v := range registers(&r) {
		seen[v] = true
	}
	if len(seen) != len(registers(&r)) {
		t.Errorf("%+v", r)
	}
	var s perf.Sample
	for i := range s.Regs {
		s.Regs[i] = uint64(i)
	}
	fromSample(&r, &s)
	clear(seen)
	for _, v := range registers(&r) {
		seen[v] = true
	}
	if len(seen) != perf.RegCount {
		t.Errorf("%+v", r)
	}
}
