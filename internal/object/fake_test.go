package object

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
)

// fakeMemory is a few pieces of memory. Nothing else can be read.
type fakeMemory struct {
	pieces map[uint64][]byte
	reads  []Range
	typeAt func(addr uint64) (godwarf.Type, error)
}

func (m *fakeMemory) ReadMemory(buf []byte, addr uint64) (int, error) {
	m.reads = append(m.reads, Range{Addr: addr, Size: int64(len(buf))})
	for at, b := range m.pieces {
		if off := addr - at; addr >= at && off <= uint64(len(b)) && uint64(len(buf)) <= uint64(len(b))-off {
			return copy(buf, b[addr-at:]), nil
		}
	}
	return 0, fmt.Errorf("nothing at %#x", addr)
}

func (m *fakeMemory) FuncName(uint64) string { return "" }

func (m *fakeMemory) TypeAt(addr uint64) (godwarf.Type, error) {
	if m.typeAt == nil {
		return nil, errNoType
	}
	return m.typeAt(addr)
}

var errNoType = errors.New("no such type")

func (m *fakeMemory) put(addr uint64, words ...uint64) {
	for at, b := range m.pieces {
		if addr >= at && addr+uint64(8*len(words)) <= at+uint64(len(b)) {
			for i, w := range words {
				binary.LittleEndian.PutUint64(b[addr-at+uint64(8*i):], w)
			}
			return
		}
	}
	b := make([]byte, 8*len(words))
	m.pieces[addr] = b
	m.put(addr, words...)
}

// altered is memory in which a few bytes read differently.
type altered struct {
	Env
	patches map[uint64]byte
	hook    func(addr uint64, buf []byte) // or nil: changes what was read
}

func (a *altered) ReadMemory(buf []byte, addr uint64) (int, error) {
	n, err := a.Env.ReadMemory(buf, addr)
	for at, b := range a.patches {
		if at >= addr && at < addr+uint64(n) {
			buf[at-addr] = b
		}
	}
	if a.hook != nil {
		a.hook(addr, buf)
	}
	return n, err
}
