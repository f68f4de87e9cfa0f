package ptrace

import (
	"bytes"
	"errors"
	"os"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

func TestMemory(t *testing.T) {
	s := open(t)
	p := s.attach(begin(t, target(t), "map").Process.Pid)
	m, blank, place := p.Memory, symbol(t, "blank"), symbol(t, "place")

	data := make([]byte, 8000)
	for i := range data {
		data[i] = byte(i * 7)
	}
	if n, err := m.WriteMemory(blank+3, data); n != len(data) || err != nil {
		t.Fatal(n, err)
	}
	back := make([]byte, len(data))
	if n, err := m.ReadMemory(back, blank+3); n != len(data) || err != nil || !bytes.Equal(back, data) {
		t.Error(n, err)
	}

	// Program text is read-only for the process, not for us.
	code := make([]byte, 4)
	if _, err := m.ReadMemory(code, place); err != nil {
		t.Fatal(err)
	}
	if n, err := m.WriteMemory(place, []byte{1, 2, 3, 4}); n != 4 || err != nil {
		t.Error(n, err)
	}
	if n, err := m.WriteMemory(place, code); n != 4 || err != nil {
		t.Error(n, err)
	}

	page := s.word(p, symbol(t, "hole"))
	buf := make([]byte, 100)
	if n, err := m.ReadMemory(buf, page+4096-40); n != 40 || !errors.Is(err, ErrNotMapped) || buf[39] != 0x5a || buf[40] != 0 {
		t.Errorf("across the end of a mapping: %d, %v", n, err)
	}
	if n, err := m.WriteMemory(page+4096-40, buf); n != 40 || err == nil {
		t.Errorf("across the end of a mapping: %d, %v", n, err)
	}
	for _, addr := range []uint64{0, 8, page + 4096, 1 << 47, 1 << 63, ^uint64(0) - 50} {
		if n, err := m.ReadMemory(buf, addr); n != 0 || err == nil || addr == page+4096 && !errors.Is(err, ErrNotMapped) {
			t.Errorf("read at %#x: %d, %v", addr, n, err)
		}
		if n, err := m.WriteMemory(addr, buf); n != 0 || err == nil {
			t.Errorf("write at %#x: %d, %v", addr, n, err)
		}
	}
	if n, err := m.ReadMemory(nil, 0); n != 0 || err != nil {
		t.Error(n, err)
	}
	if n, err := m.WriteMemory(0, nil); n != 0 || err != nil {
		t.Error(n, err)
	}

	// A page that the process itself may not read.
	th := p.Threads()[0]
	s.inject(th, unix.SYS_MPROTECT, page, 4096, unix.PROT_NONE)
	if n, err := m.ReadMemory(buf, page); n != len(buf) || err != nil || buf[0] != 0x5a {
		t.Errorf("a protected page: %d, %v", n, err)
	}

	s.detach(p)
	if _, err := m.ReadMemory(buf, blank); !errors.Is(err, ErrMemoryClosed) {
		t.Error(err)
	}
	if _, err := m.WriteMemory(blank, buf); !errors.Is(err, ErrMemoryClosed) {
		t.Error(err)
	}
	m.Close() // again: nothing
}

func TestMemoryOfZombieLeader(t *testing.T) {
	s := open(t)
	p := s.launch("leader", "group")
	x := symbol(t, "x")
	s.runUntil("the survivor runs", func() bool { return peek(p.Memory, x) > 100 })
	if !isZombie(p.PID) {
		t.Fatal("the leader is alive")
	}
	s.breakAt(p, symbol(t, "place"))
	s.word(p, x)
	s.letGoOn(p)
}

// Any goroutine may read while the process runs, and while it ends.
func TestMemoryFromManyGoroutines(t *testing.T) {
	s := open(t)
	p := s.launch("busy", "2")
	y := symbol(t, "y")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			var b [64]byte
			for {
				if _, err := p.Memory.ReadMemory(b[:], y); errors.Is(err, ErrMemoryClosed) {
					return
				}
			}
		})
	}
	s.runUntil("it runs", func() bool { return peek(p.Memory, y) > 1000 })
	s.do(func() error { return s.g.Kill(p) })
	wg.Wait()
}

func TestOpenMemoryErrors(t *testing.T) {
	if _, err := OpenMemory(-1); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	var m Memory
	if _, err := m.ReadMemory(make([]byte, 1), 0); !errors.Is(err, ErrMemoryClosed) {
		t.Error(err)
	}
}
