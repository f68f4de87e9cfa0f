package insn

import (
	"errors"
	"testing"
)

// counted counts the reads of a Code.
type counted struct {
	memory
	reads int
}

func (c *counted) ReadMemory(buf []byte, addr uint64) (int, error) {
	c.reads++
	return c.memory.ReadMemory(buf, addr)
}

var errNoFunction = errors.New("no function")

// newTestCache has one function at entry, one at caller, and one that cannot
// be decoded.
func newTestCache(t testing.TB, max int) (*Cache, *counted) {
	mem := &counted{memory: memory{
		entry:         code(t, "55 4889E5 488903 48894308 F3A4 90"),
		caller:        code(t, "90 E8 FAEFFFFF C3"),
		caller + 4096: code(t, "06 488903 C3"),
		watched:       word(caller + 6),
	}}
	sizes := map[uint64]uint64{entry: 14, caller: 7, caller + 4096: 5, caller + 8192: 5}
	bounds := func(pc uint64) (uint64, uint64, error) {
		for at, size := range sizes {
			if pc-at < size {
				return at, at + size, nil
			}
		}
		return 0, 0, errNoFunction
	}
	return NewCache(mem, bounds, max), mem
}

func TestCache(t *testing.T) {
	c, mem := newTestCache(t, 8)
	for range 3 {
		// One place, two answers: only what the code says is remembered.
		s, err := c.Writer(regsOf(entry+7, gpr{rbx: watched}, 0), watched, 8)
		if err != nil || s.PC != entry+4 || s.Kind != Plain {
			t.Fatalf("%+v, %v", s, err)
		}
		var none *NoWriter
		if _, err := c.Writer(regsOf(entry+7, gpr{rbx: watched + 8}, 0), watched, 8); !errors.As(err, &none) {
			t.Fatal(err)
		}
		if v, ok := s.Written(regsOf(entry+7, gpr{rbx: watched, rax: 7}, 0)); !ok || v.Data[0] != 7 {
			t.Fatalf("%+v, %v", v, ok)
		}
		if s, err := c.Writer(regsOf(entry+11, gpr{rdi: watched + 1}, flagRF), watched, 8); err != nil || s.Kind != String {
			t.Fatalf("%+v, %v", s, err)
		}
	}
	if mem.reads != 2 {
		t.Errorf("code was read %d times, want twice", mem.reads)
	}
	c.Reset()
	if _, err := c.Writer(regsOf(entry+7, gpr{rbx: watched}, 0), watched, 8); err != nil || mem.reads != 3 {
		t.Errorf("after Reset: %v, %d reads", err, mem.reads)
	}
}

func TestCacheFollowsCalls(t *testing.T) {
	c, _ := newTestCache(t, 8)
	for range 2 {
		s, err := c.Writer(regsOf(entry, gpr{rsp: watched}, 0), watched, 8)
		if err != nil || s.Kind != Call || s.PC != caller+1 {
			t.Fatalf("%+v, %v", s, err)
		}
	}
}

func TestCacheErrors(t *testing.T) {
	c, mem := newTestCache(t, 8)
	bad := regsOf(caller+4096+4, gpr{rbx: watched}, 0)
	for range 3 {
		var d *DecodeError
		if _, err := c.Writer(bad, watched, 8); !errors.Is(err, ErrInvalid) || !errors.As(err, &d) || d.Addr != caller+4096 {
			t.Fatal(err)
		}
	}
	if mem.reads != 1 {
		t.Errorf("code that cannot be decoded was read %d times", mem.reads)
	}
	unread := regsOf(caller+8192+4, gpr{rbx: watched}, 0)
	if _, err := c.Writer(unread, watched, 8); !errors.Is(err, errUnmapped) {
		t.Error(err)
	}
	mem.memory[caller+8192] = code(t, "90 488903 C3")
	if s, err := c.Writer(unread, watched, 8); err != nil || s.PC != caller+8192+1 {
		t.Errorf("memory that can be read by now: %+v, %v", s, err)
	}
	if _, err := c.Writer(regsOf(1, nil, 0), watched, 8); !errors.Is(err, errNoFunction) {
		t.Error(err)
	}
	mem.memory[watched] = word(2)
	if _, err := c.Writer(regsOf(entry, gpr{rsp: watched}, 0), watched, 8); !errors.Is(err, errNoFunction) {
		t.Error(err)
	}
	if _, err := c.Writer(bad, watched, -1); err == nil {
		t.Error("a watch of a negative size is accepted")
	}
}

func TestCacheBounded(t *testing.T) {
	const max = 3
	c, _ := newTestCache(t, max)
	pcs := []uint64{1, 4, 7, 11, 13}
	for range 4 {
		for _, off := range pcs {
			s, err := c.Writer(regsOf(entry+off, gpr{rsp: watched, rbx: watched, rdi: watched + 8}, 0), watched, 8)
			var none *NoWriter
			if err != nil && !errors.As(err, &none) {
				t.Errorf("+%d: %+v, %v", off, s, err)
			}
			if len(c.sites) > max {
				t.Fatalf("%d places, want at most %d", len(c.sites), max)
			}
		}
	}
}

func TestCacheHitAllocatesNothing(t *testing.T) {
	c, _ := newTestCache(t, 8)
	for name, r := range map[string]*Regs{
		"store":  regsOf(entry+7, gpr{rbx: watched}, 0),
		"string": regsOf(entry+11, gpr{rdi: watched + 1}, flagRF),
		"call":   regsOf(entry, gpr{rsp: watched}, 0),
	} {
		n := testing.AllocsPerRun(100, func() {
			if _, err := c.Writer(r, watched, 8); err != nil {
				t.Fatal(err)
			}
		})
		if n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func BenchmarkCache(b *testing.B) {
	c, _ := newTestCache(b, 8)
	for name, r := range map[string]*Regs{
		"store": regsOf(entry+7, gpr{rbx: watched}, 0),
		"call":  regsOf(entry, gpr{rsp: watched}, 0),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Writer(r, watched, 8); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkWriter(b *testing.B) {
	body := make([]byte, 0, 4096)
	for len(body) < 4000 {
		body = append(body, code(b, "48894424 08 C5FE7F06 0F1F00")...)
	}
	body = append(body, code(b, "488903")...)
	pc := entry + uint64(len(body))
	mem, r := memory{entry: body}, regsOf(pc, gpr{rbx: watched}, 0)
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if _, err := Writer(mem, entry, pc, r, watched, 8); err != nil {
			b.Fatal(err)
		}
	}
}
