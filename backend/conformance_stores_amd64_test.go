package backend

import (
	"errors"
	"fmt"
	"testing"

	"golang.org/x/sys/cpu"
)

var storeTheme = theme{name: "Stores", scenarios: []scenario{
	{
		name: "one byte", does: "stores the last byte of the word; the one before is not touched",
		run: "store1 10 7", by: "main.store1", watch: []string{"main.area[64]", "uint8@word+7", "uint8@word+6"}, want: exactly(10, 10, 0),
	},
	{
		name: "sizes", does: "stores 1, 2, 4 and 8 bytes at each offset from 16 before the word to its last byte: of those of s bytes s-1+k touch k",
		run: "sizes 5", by: `main.store[1248]`, watch: []string{"uint64@word", "uint32@word+4", "uint16@word+6", "uint8@word+7"},
		want: exactly(5*43, 5*27, 5*19, 5*15),
	},
	{
		name: "odd sizes", does: "the same; what is watched needs two debug registers each, and a store that touches both is one hit",
		run: "sizes 5", by: `main.store[1248]`, watch: []string{"[3]uint8@word+5", "[6]uint8@word+2"}, want: exactly(5*23, 5*35),
	},
	{
		name: "same value", does: "stores what is there already",
		run: "same 10", by: "main.store8", watch: []string{"main.area[64]"}, want: exactly(10),
	},
	{
		name: "adjacent fields", does: "writes two fields, by a store each",
		run: "fields 10", by: "main.fields", watch: []string{"main.pair.A", "main.pair.B"}, want: exactly(10, 10),
	},
	{
		name: "over the edge", does: "stores 8 bytes, of which the last 4 are watched; the 8 bytes behind are not touched",
		run: "store8 10 -4", by: "main.store8", watch: []string{"main.area[64]", "main.area[65]"}, want: exactly(10, 0),
	},
	{
		name: "SSE, two watchpoints", does: "MOVUPS over two watched words",
		run: "movups 10", by: "main.movups", watch: []string{"main.area[64]", "main.area[65]"}, want: exactly(10, 10),
	},
	{
		name: "SSE, over both edges", does: "MOVUPS from the midst of one watched word over a second into the midst of a third",
		run: "movups 10 4", by: "main.movups", watch: []string{"main.area[64]", "main.area[65]", "main.area[66]"}, want: exactly(10, 10, 10),
	},
	{
		name: "AVX", does: "VMOVDQU of 32 bytes: the first word, the last, the one behind",
		run: "vmovdqu 10", by: "main.vmovdqu", watch: []string{"main.area[64]", "main.area[67]", "main.area[68]"}, want: exactly(10, 10, 0), needs: avx2,
	},
	{
		name: "AVX-512", does: "VMOVDQU64 of 64 bytes: the first word, the last, the one behind",
		run: "vmovdqu64 10", by: "main.vmovdqu64", watch: []string{"main.area[64]", "main.area[71]", "main.area[72]"}, want: exactly(10, 10, 0), needs: avx512,
	},
	{
		name: "masked store", does: "VPMASKMOVQ that leaves the second word out",
		run: "vpmaskmov 10", by: "main.vpmaskmov", watch: []string{"main.area[64]", "main.area[65]", "main.area[67]"}, want: exactly(10, 0, 10), needs: avx2,
		differs: []difference{{at: guarded, want: exactly(10, 10, 10), why: "the instruction's width is known there, not its mask"}},
	},
	{
		name: "scatter", does: "VPSCATTERQQ to every other word",
		run: "vpscatter 10", by: "main.vpscatter", watch: []string{"main.area[64]", "main.area[65]", "main.area[66]"}, want: exactly(10, 0, 10), needs: avx512,
		differs: []difference{
			{at: singleStepped, want: exactly(9, 0, 9), why: "no place is known there: only changes are hits"},
			{at: guarded, want: exactly(10, 0, 9), why: "the first place is known there; of the others only changes are hits"},
		},
	},
	{
		name: "MOVNTI", does: "stores past the caches",
		run: "movnti 10", by: "main.movnti", watch: []string{"main.area[64]"}, want: exactly(10),
	},
	{
		name: "MOVNTDQ", does: "stores 16 bytes past the caches",
		run: "movntdq 10", by: "main.movntdq", watch: []string{"main.area[64]", "main.area[65]"}, want: exactly(10, 10),
	},
	{
		name: "FXSAVE", does: "saves 512 bytes of registers by one instruction, with the word among them",
		run: "fxsave 10", by: "main.fxsave", watch: []string{"main.area[64]"}, want: exactly(10),
	},
	{
		name: "PUSH", does: "pushes onto the word",
		run: "push 10", by: "main.push", watch: []string{"main.area[64]"}, want: exactly(10),
	},
	{
		name: "POP", does: "pops into the word",
		run: "popmem 10", by: "main.popmem", watch: []string{"main.area[64]"}, want: exactly(10),
	},
	{
		name: "CALL", does: "calls with the word as the place of the return address",
		run: "callonto 10", by: "main.callonto", watch: []string{"main.area[64]"}, want: exactly(10),
	},
	{
		name: "XCHG", does: "exchanges",
		run: "xchg 10", by: "main.xchg", watch: []string{"main.area[64]"}, want: exactly(10),
	},
	{
		name: "XADD", does: "LOCK XADD",
		run: "xadd 10", by: "main.xadd", watch: []string{"main.area[64]"}, want: exactly(10),
	},
	{
		name: "INC", does: "INC of memory: a read and a write by one instruction",
		run: "incmem 10", by: "main.incmem", watch: []string{"main.area[64]"}, want: exactly(10),
	},
	{
		name: "BTS", does: "sets a bit of the word by an operand 16 bytes before it",
		run: "bts 10", by: "main.bts", watch: []string{"main.area[64]"}, want: exactly(10),
	},
	{
		name: "LOCK OR 0", does: "changes nothing, and is a write",
		run: "lockor0 10", by: "main.lockor0", watch: []string{"main.area[64]"}, want: exactly(10),
	},
	{
		name: "CAS, done", does: "CMPXCHG that succeeds",
		run: "casOK 10", by: "main.casOK", watch: []string{"main.area[64]"}, want: exactly(10),
	},
	{
		name: "CAS, failed", does: "CMPXCHG that fails, and is a write of what is there",
		run: "casFail 10", by: "main.casFail", watch: []string{"main.area[64]"}, want: exactly(10),
	},
	{
		name: "CAS16, done", does: "CMPXCHG16B that succeeds",
		run: "cas16OK 10", by: "main.cas16OK", watch: []string{"main.area[64]", "main.area[65]"}, want: exactly(10, 10),
	},
	{
		name: "CAS16, failed", does: "CMPXCHG16B that fails, and is a write of what is there",
		run: "cas16Fail 10", by: "main.cas16Fail", watch: []string{"main.area[64]", "main.area[65]"}, want: exactly(10, 10),
	},
	{
		name: "load", does: "reads; reads are watched too",
		run: "load8 10", by: "main.load8", watch: []string{"main.area[64]"}, reads: true, want: exactly(10), look: accessed(Read), differs: noReads,
	},
	{
		name: "store, reads watched too", does: "stores; reads are watched too",
		run: "store4 10", by: "main.store4", watch: []string{"main.area[64]"}, reads: true, want: exactly(10), look: accessed(Write), differs: noReads,
	},
	{
		name: "no progress", does: "a loop of a store and the jump back to it",
		run: "tight 200", by: "main.tight", watch: []string{"main.area[64]"}, want: exactly(201),
	},
}}

var stringTheme = theme{name: "String instructions", scenarios: []scenario{
	{
		name: "STOSQ", does: "STOSQ, once",
		run: "stosq 10", by: "main.stosq", watch: []string{"main.area[64]"}, want: exactly(10),
	},
	{
		name: "MOVSQ", does: "MOVSQ, once",
		run: "movsq 10", by: "main.movsq", watch: []string{"main.area[64]"}, want: exactly(10),
	},
	{
		name: "REP STOSQ", does: "REP STOSQ of 64 bytes",
		run: "repstosq 10 -32", by: "main.repstosq", watch: []string{"main.area[64]"}, want: exactly(10),
	},
	{
		name: "REP MOVSQ", does: "REP MOVSQ of 64 bytes",
		run: "repmovsq 10 -32", by: "main.repmovsq", watch: []string{"main.area[64]"}, want: exactly(10),
	},
	{
		name: "REP STOSB", does: "REP STOSB of 64 bytes",
		run: "repstosb 10 -32 64", by: "main.repstosb", watch: []string{"main.area[64]"}, want: grouped(10), differs: eachByte(10),
	},
	{
		name: "REP STOSB, long", does: "REP STOSB of 500 bytes",
		run: "repstosb 10 -250 500", by: "main.repstosb", watch: []string{"main.area[64]"}, want: grouped(10), differs: eachByte(10),
	},
	{
		name: "REP STOSB, last", does: "REP STOSB of 64 bytes, of which the last is the first of the word",
		run: "repstosb 10 -63 64", by: "main.repstosb", watch: []string{"main.area[64]"}, want: exactly(10),
	},
	{
		name: "REP STOSB, down", does: "REP STOSB of 64 bytes from the last to the first",
		run: "repdown 10 -32 64", by: "main.repdown", watch: []string{"main.area[64]"}, want: grouped(10), differs: eachByte(10),
	},
	{
		name: "REP MOVSB", does: "REP MOVSB of 64 bytes",
		run: "repmovsb 10 -32 64", by: "main.repmovsb", watch: []string{"main.area[64]"}, want: grouped(10), differs: eachByte(10),
	},
	{
		name: "REP MOVSB, long", does: "REP MOVSB of 500 bytes",
		run: "repmovsb 10 -250 500", by: "main.repmovsb", watch: []string{"main.area[64]"}, want: grouped(10), differs: eachByte(10),
	},
	{
		name: "REP MOVSB, beside", does: "REP MOVSB of 64 bytes that ends before the word",
		run: "repmovsb 10 -64 64", by: "main.repmovsb", watch: []string{"main.area[64]"}, want: exactly(0),
	},
	{
		name: "REP MOVSB, one byte watched", does: "REP MOVSB of 500 bytes over one watched byte",
		run: "repmovsb 10 -250 500", by: "main.repmovsb", watch: []string{"uint8@word+3"}, want: exactly(10),
	},
	copying(1), copying(3), copying(8), copying(15), copying(16), copying(17), copying(33), copying(64), copying(100), copying(200),
	{
		name: "clear", does: "stores 1 and clears 64 bytes by the runtime's memclr",
		run: "zero 10 0 64", by: "main.zero|runtime.memclrNoHeapPointers", watch: []string{"main.area[64]"}, want: exactly(20),
	},
}}

// copying is a scenario of as many copies as there are places near the word. How many stores
// a copy takes is the runtime's business.
func copying(size int) scenario {
	touching := uint64(size + 7)
	return scenario{
		name: fmt.Sprintf("copy of %d", size), does: fmt.Sprintf("copies %d bytes to each place from before the word to behind it: %d of these copies touch it", size, touching),
		run: fmt.Sprintf("memmove 1 0 %d", size), by: "runtime.memmove|main.memmove", watch: []string{"main.area[64]"},
		want: []figures{{hits: touching, most: 8 * touching}},
		look: func(t *testing.T, told [][]*Hit) {
			seen := map[byte]bool{} // what each copy writes is larger than what was there
			for _, h := range told[0] {
				var round byte
				for _, b := range h.New.Bytes() {
					round = max(round, b)
				}
				seen[round] = true
			}
			for round := 2; round <= size+8; round++ {
				if !seen[byte(round)] {
					t.Errorf("no hit of copy %d", round)
				}
				delete(seen, byte(round))
			}
			if len(seen) > 0 {
				t.Errorf("hits of copies that touch nothing: %v", seen)
			}
		},
	}
}

// grouped are the hits of n string instructions that write eight watched bytes one by one.
func grouped(n uint64) []figures { return []figures{{hits: n, most: 8 * n}} }

func eachByte(n uint64) []difference {
	return []difference{{at: guarded, want: exactly(8 * n), why: "the instruction is done byte by byte"}}
}

var noReads = []difference{{at: guarded, want: []figures{{refused: true}}, why: "write protection lets reads pass"}}

// accessed holds what hits say of the access.
func accessed(want Access) func(*testing.T, [][]*Hit) {
	return func(t *testing.T, told [][]*Hit) {
		for i, h := range told[0] {
			if h.Access != want {
				t.Errorf("hit %d: %s, want %s", i, h.Access, want)
			}
		}
	}
}

func avx2() error {
	if !cpu.X86.HasAVX2 {
		return errors.New("the processor has no AVX2")
	}
	return nil
}

func avx512() error {
	if !cpu.X86.HasAVX512F || !cpu.X86.HasAVX512VL || !cpu.X86.HasAVX512DQ {
		return errors.New("the processor has no AVX-512")
	}
	return nil
}

func TestConformanceStores(t *testing.T) { conform(t, storeTheme) }

func TestConformanceStrings(t *testing.T) { conform(t, stringTheme) }
