package insn

import (
	"bytes"
	"math/rand/v2"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// TestExecuted steps over instructions in memory full of noise: what has changed lies in
// what Executed says was written, and whether that is known is known of each.
func TestExecuted(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	p := startTarget(t)
	start, err := p.regs()
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(2009, 8))
	const around = 4096
	data := start.GPR[regRSP] - 16384
	before, after := make([]byte, 2*around), make([]byte, 2*around)
	cache := NewCache(p, nil, 1000)
	changes, unknown, nobodyKnew := 0, 0, 0
	for _, text := range append([]string{"E800000000", "FFD0", "F348AB", "FDF3A4", "488B03", "90", "0F2903"}, injected...) {
		if _, err := p.mem.WriteAt(code(t, text), int64(start.PC)); err != nil {
			t.Fatal(err)
		}
		cache.Reset()
		for range 12 {
			r := *start
			for i := range r.GPR {
				r.GPR[i] = random.Uint64()
			}
			r.GPR[regRBX], r.GPR[regRCX] = data, uint64(200+random.IntN(100))
			if text == "FFD0" {
				r.GPR[regRAX] = start.PC
			}
			r.GPR[regRSP], r.GPR[regRDI], r.GPR[regRSI] = data+512, data+1024, data-1024
			for i := range before {
				before[i] = byte(random.Uint32())
			}
			if _, err := p.mem.WriteAt(before, int64(data-around)); err != nil {
				t.Fatal(err)
			}
			if err := p.setRegs(&r); err != nil {
				t.Fatal(err)
			}
			foretold, foretoldSize, some := Writes(code(t, strings.TrimPrefix(text, "FD")), &r) // STD is a step of its own
			if err := syscall.PtraceSingleStep(p.pid); err != nil {
				t.Fatal(err)
			}
			var status syscall.WaitStatus
			if _, err := syscall.Wait4(p.pid, &status, 0, nil); err != nil {
				t.Fatal(err)
			}
			if status.StopSignal() != syscall.SIGTRAP {
				break // not on this processor
			}
			now, err := p.regs()
			if err != nil {
				t.Fatal(err)
			}
			pc := start.PC
			if text == "FDF3A4" { // STD was that step
				pc = now.PC
				if err := syscall.PtraceSingleStep(p.pid); err != nil {
					t.Fatal(err)
				}
				if _, err := syscall.Wait4(p.pid, &status, 0, nil); err != nil {
					t.Fatal(err)
				}
				if now, err = p.regs(); err != nil {
					t.Fatal(err)
				}
			}
			s, addr, size, err := cache.Executed(pc, now)
			if err != nil || s.PC != pc {
				t.Fatalf("%s: at +%d, %v", text, s.PC-start.PC, err)
			}
			if (text == "90" || text == "488B03") && s.MayWrite() {
				t.Errorf("%s is said to write", text)
			}
			if _, err := p.mem.ReadAt(after, int64(data-around)); err != nil {
				t.Fatal(err)
			}
			if bytes.Equal(before, after) {
				continue
			}
			changes++
			if call := text == "E800000000" || text == "FFD0"; !s.MayWrite() && !call {
				t.Errorf("%s is said to write nothing, after the fact", text)
			}
			if !some {
				t.Errorf("%s is said to write nothing", text)
			}
			if foretoldSize > 0 {
				changesIn(t, text, before, after, data-around, foretold, foretoldSize)
			} else if some {
				nobodyKnew++
			}
			if size == 0 {
				unknown++
				if s.Kind == Load {
					t.Errorf("%s writes, and is of kind %v", text, s.Kind)
				}
				continue
			}
			changesIn(t, text, before, after, data-around, addr, size)
		}
	}
	t.Logf("%d writes, of %d it is not known where, of %d it was not", changes, unknown, nobodyKnew)
	if changes < 900 || unknown > changes/10 || nobodyKnew > changes/10 {
		t.Errorf("%d writes, of %d it is not known where, of %d it was not", changes, unknown, nobodyKnew)
	}
}

// changesIn checks that what has changed in memory that begins at begin lies in a range.
func changesIn(t *testing.T, text string, before, after []byte, begin, addr uint64, size int) {
	t.Helper()
	for i := range before {
		if at := begin + uint64(i); before[i] != after[i] && (at < addr || at >= addr+uint64(size)) {
			t.Errorf("%s: %#x has changed, said to be written: %d bytes at %#x", text, at, size, addr)
			return
		}
	}
}
