package goroutine

import (
	"encoding/binary"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

// TestAll reads goroutines back that were written down.
func TestAll(t *testing.T) {
	r, err := New(known())
	if err != nil {
		t.Fatal(err)
	}
	big := true
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.SampledFrom([]int{0, 1, 7, 40, 100}).Draw(t, "n")
		if big {
			n, big = 2100, false // several batches
		}
		mem := sparse{}
		var want []G
		const table = 1 << 40
		for i := range n {
			at := uint64(i+1) << 12
			mem[table+8*uint64(i)] = at
			g := G{Info: Info{ID: int64(i + 1), StartPC: 2, StackLo: 3, StackHi: 4}, Index: i, Addr: at, GoPC: 5, PC: 6, SP: 7, LR: 8,
				Status: Status(i % 13), WaitReason: i % 256, WaitSince: -9, Labels: 10}
			switch {
			case i%97 == 96: // cannot be read
				g = G{Index: i, Addr: at, Err: errFault}
			default:
				write(mem, at, g)
			}
			if g.Err != nil || !g.Status.dead() {
				want = append(want, g)
			}
		}
		got, err := r.All(mem, OneByOne{mem}, table, n)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.EqualFunc(got, want, func(a, b G) bool {
			failed := (a.Err != nil) == (b.Err != nil)
			a.Err, b.Err = nil, nil
			return failed && a == b
		}) {
			t.Fatalf("%+v\nwant %+v", got, want)
		}
	})
	for _, n := range []int{-1, maxGs + 1} {
		if _, err := r.All(sparse{}, OneByOne{sparse{}}, 0, n); err == nil || !strings.Contains(err.Error(), "runtime.allglen is") {
			t.Errorf("%d goroutines: %v", n, err)
		}
	}
	if _, err := r.All(sparse{}, OneByOne{sparse{}}, 0, 5); err == nil {
		t.Error("no array of goroutines")
	}
}

// write puts a goroutine into memory, as known() has it.
func write(mem sparse, at uint64, g G) {
	for a := uint64(0); a < 400; a += 8 {
		mem[at+a] = 0
	}
	mem[at], mem[at+8] = g.StackLo, g.StackHi
	mem[at+56], mem[at+64], mem[at+88] = g.SP, g.PC, g.LR
	mem[at+144], mem[at+152] = uint64(g.Status), uint64(g.ID)
	mem[at+168], mem[at+176] = uint64(g.WaitSince), uint64(g.WaitReason)
	mem[at+272], mem[at+280], mem[at+360] = g.GoPC, g.StartPC, g.Labels
}

// TestProcess reads our own memory, and pieces of it that are not there.
func TestProcess(t *testing.T) {
	data := make([]byte, 8*5000)
	for i := range 5000 {
		binary.LittleEndian.PutUint64(data[8*i:], uint64(i))
	}
	m := Process{Memory: sparse{}, PID: os.Getpid()}
	rapid.Check(t, func(t *rapid.T) {
		var pieces []Piece
		var want []int // -1: not to be read
		n := rapid.SampledFrom([]int{0, 1, 2, 50, 1023, 1024, 1025, 2100}).Draw(t, "n")
		every := rapid.SampledFrom([]int{1, 2, 50, 1000, 5000}).Draw(t, "every") // so often there is a bad one
		for i := range n {
			switch k := i * 7 % len(data) / 8; {
			case i%every == every-1 && i/every%2 == 0:
				pieces, want = append(pieces, Piece{Addr: 8, Buf: make([]byte, 8)}), append(want, -1)
			case i%every == every-1:
				pieces, want = append(pieces, Piece{}), append(want, 0)
			default:
				pieces, want = append(pieces, Piece{Addr: addrOf(data) + uint64(8*k), Buf: make([]byte, 8), Err: errFault}), append(want, k)
			}
		}
		m.ReadPieces(pieces)
		for i, p := range pieces {
			switch {
			case (p.Err != nil) != (want[i] == -1):
				t.Fatalf("piece %d: %v", i, p.Err)
			case p.Err == nil && len(p.Buf) > 0 && binary.LittleEndian.Uint64(p.Buf) != uint64(want[i]):
				t.Fatalf("piece %d is %x, want %d", i, p.Buf, want[i])
			}
		}
	})
	// Neighbours are read together, up to where there is nothing.
	pages, err := unix.Mmap(-1, 0, 8192, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Munmap(pages) }()
	for i := range 4096 {
		pages[i] = byte(i / 100)
	}
	if err := unix.Mprotect(pages[4096:], unix.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	var near []Piece
	for at := uint64(0); at < 8000; at += 100 {
		near = append(near, Piece{Addr: addrOf(pages) + at, Buf: make([]byte, 50)})
	}
	m.ReadPieces(near)
	for i, p := range near {
		if there := 100*i+50 <= 4096; (p.Err == nil) != there || there && p.Buf[0] != byte(i) {
			t.Errorf("piece %d: %v, %x", i, p.Err, p.Buf)
		}
	}
	nobody := Process{Memory: sparse{8: 42}, PID: -1} // what the system call cannot, Memory can
	pieces := []Piece{{Addr: 8, Buf: make([]byte, 8)}}
	if nobody.ReadPieces(pieces); pieces[0].Err != nil || pieces[0].Buf[0] != 42 {
		t.Errorf("%+v", pieces)
	}
}
