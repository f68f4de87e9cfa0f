package insn

import (
	"errors"
	"testing"
)

var errUnmapped = errors.New("unmapped")

// memory is a Code of a few runs of bytes.
type memory map[uint64][]byte

func (m memory) ReadMemory(buf []byte, addr uint64) (int, error) {
	for base, b := range m {
		if addr >= base && addr-base < uint64(len(b)) {
			n := copy(buf, b[addr-base:])
			if n < len(buf) {
				return n, errUnmapped
			}
			return n, nil
		}
	}
	return 0, errUnmapped
}

const (
	entry   = 0x401000
	watched = 0xC000010100 // eight bytes
	stack   = 0xC000020000
	caller  = 0x402000
)

// gpr sets registers by their number in x86 encoding.
type gpr map[int]uint64

const (
	rax = iota
	rcx
	rdx
	rbx
	rsp
	rbp
	rsi
	rdi
	r8
	r9
)

func regsOf(pc uint64, set gpr, flags uint64) *Regs {
	r := &Regs{PC: pc, Flags: flags | 2, FSBase: 0x7000_0000}
	for i := range r.GPR {
		r.GPR[i] = 0xDEAD_0000_0000 + uint64(i)<<16 // nowhere near the watched bytes
	}
	r.GPR[rsp] = stack
	for i, v := range set {
		r.GPR[i] = v
	}
	return r
}

// writerCase is a hit: the code, of which the last instruction before the "|"
// ends at the program counter.
type writerCase struct {
	name   string
	before string // from the function's entry to the program counter
	after  string
	regs   gpr
	flags  uint64
	back   int // the writer begins so many bytes before the program counter
	kind   Kind
}

var writerCases = []writerCase{
	{name: "MOV", before: "55 4889E5 488903", after: "C3", regs: gpr{rbx: watched}, back: 3, kind: Plain},
	{name: "MOV before a jump target", before: "EB03 488903", after: "EBFE", regs: gpr{rbx: watched}, back: 3, kind: Plain},
	{name: "MOV of an immediate", before: "90 C705 F0FFFFFF 01000000", regs: gpr{}, back: 10, kind: Plain},
	{name: "MOV that looks like another from behind", before: "48B8 0000000000488903 488943 10", regs: gpr{rbx: watched - 0x10}, back: 4, kind: Plain},
	{name: "MOV moffs", before: "48A3 00010100C0000000", back: 10, kind: Plain},
	{name: "MOV relative to FS", before: "6448890425 F8FFFFFF", regs: gpr{}, back: 9, kind: Plain},
	{name: "MOV to the last watched byte", before: "C6430701", regs: gpr{rbx: watched}, back: 4, kind: Plain},
	{name: "MOV that begins before the watched bytes", before: "488943FC", regs: gpr{rbx: watched - 3}, back: 4, kind: Plain},
	{name: "INC", before: "48FF03", regs: gpr{rbx: watched}, back: 3, kind: Modify},
	{name: "LOCK ADD", before: "F0830301", regs: gpr{rbx: watched}, back: 4, kind: Modify},
	{name: "BTS far from its operand", before: "480FAB03", regs: gpr{rbx: watched - 80, rax: 650}, back: 4, kind: Modify},
	{name: "BTS before its operand", before: "480FAB03", regs: gpr{rbx: watched + 8, rax: ^uint64(0)}, back: 4, kind: Modify},
	{name: "LOCK XADD", before: "F0480FC103", regs: gpr{rbx: watched}, back: 5, kind: Exchange},
	{name: "XCHG", before: "488703", regs: gpr{rbx: watched}, back: 3, kind: Exchange},
	{name: "XCHG of its own address", before: "4887 1B", regs: gpr{}, back: 3, kind: Exchange},
	{name: "LOCK CMPXCHG", before: "F0480FB10B", regs: gpr{rbx: watched}, back: 5, kind: Exchange},
	{name: "LOCK CMPXCHG16B", before: "F0480FC70F", regs: gpr{rdi: watched - 8}, back: 5, kind: Exchange},
	{name: "CMPccXADD", before: "C4E269E103", regs: gpr{rbx: watched}, back: 5, kind: Exchange},
	{name: "SETcc", before: "0F9403", regs: gpr{rbx: watched}, back: 3, kind: Other},
	{name: "POP to memory", before: "8F0424", regs: gpr{rsp: watched}, back: 3, kind: Other},
	{name: "MOVUPS", before: "0F1103", regs: gpr{rbx: watched - 8}, back: 3, kind: Vector},
	{name: "MOVSS", before: "F30F1103", regs: gpr{rbx: watched + 4}, back: 4, kind: Vector},
	{name: "VMOVDQU of 32 bytes", before: "C5FE7F03", regs: gpr{rbx: watched - 24}, back: 4, kind: Vector},
	{name: "VMOVDQU64 of 64 bytes, scaled displacement", before: "62F1FE487F4302", regs: gpr{rbx: watched - 128}, back: 7, kind: Vector},
	{name: "VPCOMPRESSD, displacement scaled by its elements", before: "62F27D488B4302", regs: gpr{rbx: watched - 8}, back: 7, kind: Vector},
	{name: "VPSCATTERDD", before: "62F27D49A00403", regs: gpr{}, back: 7, kind: Vector},
	{name: "MASKMOVDQU", before: "660FF7C1", regs: gpr{rdi: watched}, back: 4, kind: Vector},
	{name: "FSTP", before: "DD1B", regs: gpr{rbx: watched}, back: 2, kind: Vector},
	{name: "PUSH", before: "50", regs: gpr{rsp: watched}, back: 1, kind: Push},
	{name: "PUSH of memory", before: "FF33", regs: gpr{rsp: watched, rbx: 0x1000}, back: 2, kind: Push},
	{name: "PUSH of watched memory", before: "FF33", regs: gpr{rbx: watched}, back: 2, kind: Load},
	{name: "load", before: "488B03", regs: gpr{rbx: watched}, back: 3, kind: Load},
	{name: "load over its own address", before: "488B00", regs: gpr{}, back: 3, kind: Load},
	{name: "POP", before: "58", regs: gpr{rsp: watched + 8}, back: 1, kind: Load},
	{name: "SYSCALL", before: "0F05", regs: gpr{}, back: 2, kind: Other},

	{name: "STOSQ once", before: "48AB", regs: gpr{rdi: watched + 8}, back: 2, kind: String},
	{name: "STOSB backwards", before: "AA", regs: gpr{rdi: watched - 1}, flags: flagDF, back: 1, kind: String},
	{name: "REP MOVSB in progress", before: "4889C1", after: "F3A4", regs: gpr{rdi: watched + 1, rsi: 0x5000}, flags: flagRF, kind: String},
	{name: "REP MOVSB in progress, 128 bytes on", before: "4889C1", after: "F3A4", regs: gpr{rdi: watched + 128, rsi: 0x5000}, flags: flagRF, kind: String},
	{name: "REP MOVSB in progress, RF not to be had", before: "4889C1", after: "F3A4", regs: gpr{rdi: watched + 1}, kind: String},
	{name: "REP MOVSB in progress backwards", before: "4889C1", after: "F3A4", regs: gpr{rdi: watched + 6}, flags: flagRF | flagDF, kind: String},
	{name: "REP MOVSQ that reads", before: "4889C1", after: "F348A5", regs: gpr{rsi: watched + 8, rdi: watched + 0x1000}, flags: flagRF, kind: Load},
	{name: "REP STOSQ in progress at the entry", after: "F348AB", regs: gpr{rdi: watched + 8}, flags: flagRF, kind: String},
	{name: "REP STOSQ in progress, behind a store to the same bytes", before: "488947F8", after: "F348AB", regs: gpr{rdi: watched + 8}, flags: flagRF, kind: String},
	{name: "REP STOSQ not begun, behind a store", before: "488947F8", after: "F348AB", regs: gpr{rdi: watched + 8}, back: 4, kind: Plain},
	{name: "REP STOSQ completed", before: "F348AB", after: "C3", regs: gpr{rdi: watched + 8}, back: 3, kind: String},
	{name: "REP STOSQ completed long after", before: "F348AB", after: "C3", regs: gpr{rdi: watched + 0x1000}, back: 3, kind: String},
	{name: "REP MOVSB, then REP STOSB", before: "F3A4", after: "F3AA", regs: gpr{rdi: watched + 1, rsi: 0x5000}, flags: flagRF, kind: String},
}

func (c *writerCase) prepare(t *testing.T) (mem memory, regs *Regs, end, addr uint64) {
	before, after := code(t, c.before), code(t, c.after)
	mem = memory{entry: append(before, after...), stack: make([]byte, 64)}
	pc := entry + uint64(len(before))
	addr = watched
	switch c.name { // watched where the code, not a register, says
	case "MOV of an immediate":
		addr = pc - 16
	case "MOV relative to FS":
		addr = 0x7000_0000 - 8
	}
	return mem, regsOf(pc, c.regs, c.flags), entry + uint64(len(mem[entry])), addr
}

func TestWriter(t *testing.T) {
	for _, c := range writerCases {
		t.Run(c.name, func(t *testing.T) {
			mem, regs, end, addr := c.prepare(t)
			got, err := Writer(mem, entry, end, regs, addr, 8)
			if err != nil {
				t.Fatal(err)
			}
			want := regs.PC - uint64(c.back)
			if got.PC != want || got.Kind != c.kind || got.Len != c.back && c.back != 0 || got.Len == 0 {
				t.Errorf("got %+d, %d bytes, %v; want %+d, %v", int64(got.PC-regs.PC), got.Len, got.Kind, -c.back, c.kind)
			}
		})
	}
}

// TestWriterElsewhere moves the watched bytes away: what was certain must now
// be refused.
func TestWriterElsewhere(t *testing.T) {
	refused := 0
	for _, c := range writerCases {
		mem, regs, end, _ := c.prepare(t)
		_, err := Writer(mem, entry, end, regs, 0x1234_0000_0000, 8)
		var none *NoWriter
		if errors.As(err, &none) {
			refused++
			if none.PC != regs.PC {
				t.Errorf("%s: NoWriter at %#x", c.name, none.PC)
			}
			continue
		}
		switch c.name {
		case "XCHG of its own address", "VPSCATTERDD", "load over its own address", "SYSCALL": // address not known
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		default:
			// Backwards, everything above has been passed.
			if c.flags&flagDF == 0 {
				t.Errorf("%s: found although it wrote elsewhere: %v", c.name, err)
			}
		}
	}
	if refused < len(writerCases)-8 {
		t.Errorf("%d of %d refused", refused, len(writerCases))
	}
}

func TestWriterFailsTyped(t *testing.T) {
	mem := memory{entry: code(t, "90 488903 06 488903 C3")}
	regs := func(off uint64) *Regs { return regsOf(entry+off, gpr{rbx: watched}, 0) }
	end := entry + uint64(len(mem[entry]))
	check := func(name string, off, entry, end uint64, at uint64, want error) {
		t.Helper()
		_, err := Writer(mem, entry, end, regs(off), watched, 8)
		var d *DecodeError
		if !errors.As(err, &d) || !errors.Is(err, want) || d.Addr != at {
			t.Errorf("%s: %v, want %v at %#x", name, err, want, at)
		}
	}
	check("byte that is none", 8, entry, end, entry+4, ErrInvalid)
	check("inside an instruction", 2, entry, end, entry+1, ErrMisaligned)
	check("before the function", 0, entry+1, end, entry, ErrOutside)
	check("behind the function", 4, entry, entry+3, entry+4, ErrOutside)
	check("function ends inside an instruction", 3, entry, entry+3, entry+1, ErrTruncated)
	check("memory ends", 20, entry+5, entry+32, entry+9, errUnmapped)
	if _, err := Writer(mem, entry, end, regs(4), watched, 0); err == nil {
		t.Error("a watch of no bytes is accepted")
	}
	// What follows the program counter does not matter.
	if s, err := Writer(mem, entry, end, regs(4), watched, 8); err != nil || s.PC != entry+1 {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err := Writer(memory{entry: mem[entry][:4]}, entry, end, regs(4), watched, 8); err != nil || s.PC != entry+1 {
		t.Errorf("memory ends at the program counter: %+v, %v", s, err)
	}
}

// TestWriterLongFunction has its store behind several windows of code.
func TestWriterLongFunction(t *testing.T) {
	for pad := range 16 {
		body := make([]byte, 0, 3*windowSize)
		for len(body) < 2*windowSize+pad-10 {
			body = append(body, code(t, "48B8 1122334455667788")...)
		}
		for len(body) < 2*windowSize+pad-3 {
			body = append(body, 0x90)
		}
		body = append(body, code(t, "488903 C3")...)
		pc := entry + uint64(len(body)) - 1
		s, err := Writer(memory{entry: body}, entry, pc+1, regsOf(pc, gpr{rbx: watched}, 0), watched, 8)
		if err != nil || s.PC != pc-3 || s.Kind != Plain {
			t.Errorf("pad %d: %+v, %v", pad, s, err)
		}
	}
}

// word is the eight bytes of an address.
func word(v uint64) []byte {
	value := newValue(0, 8, v, 0)
	return value.Data[:8]
}

func TestWriterCall(t *testing.T) {
	mem := memory{
		entry:   code(t, "55 4889E5 0F1103 0F114310 C3"),
		caller:  code(t, "90 E8 F9EFFFFF 90 FF10 90 67FF10 E8 FDEFFFFF"), // the first to entry+0, the last to entry+0xF
		watched: nil,
	}
	end := caller + uint64(len(mem[caller]))
	for _, c := range []struct {
		name     string
		ret      uint64
		from     uint64
		pc       uint64
		wantCall bool
	}{
		{"direct", caller + 6, caller + 1, entry, true},
		{"indirect", caller + 9, caller + 7, entry, true},
		{"indirect with a prefix", caller + 13, caller + 10, entry, true},
		{"behind a store elsewhere, return address of another call", caller + 6, 0, entry + 7, false},
	} {
		mem[watched] = word(c.ret)
		_, err := Writer(mem, entry, entry+uint64(len(mem[entry])), regsOf(c.pc, gpr{rsp: watched}, 0), watched, 8)
		var at *AtEntry
		if !c.wantCall {
			if errors.As(err, &at) {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if !errors.As(err, &at) || at.ReturnAddr != c.ret {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		s, err := CallBefore(mem, caller, end, at.ReturnAddr)
		if err != nil || s.PC != c.from || s.Kind != Call || s.PC+uint64(s.Len) != c.ret {
			t.Errorf("%s: %+v, %v", c.name, s, err)
		}
	}
}

// TestWriterCallIntoTheMiddle is what Go does with runtime.duffzero: the
// instruction before the one called is a store too.
func TestWriterCallIntoTheMiddle(t *testing.T) {
	duff := code(t, "440F113F 440F117F10 440F117F20 C3")
	mem := memory{entry: duff, caller: code(t, "E8 04F0FFFF"), watched: word(caller + 5)}
	pc := uint64(entry + 9)
	end := entry + uint64(len(duff))
	var at *AtEntry
	_, err := Writer(mem, entry, end, regsOf(pc, gpr{rsp: watched, rdi: 0x6000}, 0), watched, 8)
	if !errors.As(err, &at) || at.ReturnAddr != caller+5 {
		t.Errorf("call: %v", err)
	}
	s, err := Writer(mem, entry, end, regsOf(pc, gpr{rsp: watched + 0x100, rdi: watched - 0x10}, 0), watched, 8)
	if err != nil || s.PC != entry+4 || s.Kind != Vector {
		t.Errorf("store: %+v, %v", s, err)
	}
}

func TestCallBeforeFails(t *testing.T) {
	mem := memory{caller: code(t, "90 E8 F9EFFFFF 90")}
	for _, c := range []struct {
		ret  uint64
		want error
	}{{caller + 7, ErrNotCall}, {caller + 1, ErrNotCall}, {caller, ErrNotCall}, {caller + 3, ErrMisaligned}, {caller + 8, ErrOutside}} {
		if s, err := CallBefore(mem, caller, caller+7, c.ret); !errors.Is(err, c.want) {
			t.Errorf("return address %#x: %+v, %v, want %v", c.ret, s, err, c.want)
		}
	}
	if _, err := CallBefore(mem, caller, caller+7, caller+6); err != nil {
		t.Error(err)
	}
}
