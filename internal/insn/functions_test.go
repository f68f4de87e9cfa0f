package insn

import (
	"debug/dwarf"
	"debug/elf"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"golang.org/x/arch/x86/x86asm"
)

// function is a Go function of the binary that buildSelf makes.
type function struct {
	name  string
	entry uint64
	code  []byte
}

// buildSelf builds this test for x86-64 with its debug information (go test
// leaves it out of what it runs itself) and returns its functions, its
// memory, and its DWARF.
var buildSelf = sync.OnceValues(func() (*self, error) {
	dir, err := os.MkdirTemp("", "insn")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	bin := filepath.Join(dir, "insn.test")
	cmd := exec.Command("go", "test", "-c", "-o", bin, ".")
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, errors.Join(err, errors.New(string(out)))
	}
	f, err := elf.Open(bin)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s := new(self)
	text := f.Section(".text")
	if s.text, err = text.Data(); err != nil {
		return nil, err
	}
	s.base = text.Addr
	if s.debug, err = f.DWARF(); err != nil {
		return nil, err
	}
	symbols, err := f.Symbols()
	if err != nil {
		return nil, err
	}
	for _, sym := range symbols {
		if elf.ST_TYPE(sym.Info) == elf.STT_FUNC && sym.Size > 0 && sym.Value >= s.base && sym.Value+sym.Size <= s.base+uint64(len(s.text)) {
			from := sym.Value - s.base
			s.functions = append(s.functions, function{sym.Name, sym.Value, s.text[from : from+sym.Size]})
		}
	}
	return s, nil
})

type self struct {
	functions []function
	text      []byte
	base      uint64
	debug     *dwarf.Data
}

// statements returns the addresses in the line table where a statement begins.
func (s *self) statements() ([]uint64, error) {
	var list []uint64
	units := s.debug.Reader()
	for {
		unit, err := units.Next()
		if err != nil || unit == nil {
			return list, err
		}
		units.SkipChildren()
		lines, err := s.debug.LineReader(unit)
		if err != nil {
			return nil, err
		}
		if lines == nil {
			continue
		}
		var e dwarf.LineEntry
		for err = lines.Next(&e); err == nil; err = lines.Next(&e) {
			if e.IsStmt && !e.EndSequence {
				list = append(list, e.Address)
			}
		}
		if err != io.EOF {
			return nil, err
		}
	}
}

// TestFunctions walks every function of a Go binary, the assembly of the
// runtime and of crypto included, from its entry to its end.
func TestFunctions(t *testing.T) {
	s, err := buildSelf()
	if err != nil {
		t.Fatal(err)
	}
	starts := make([]bool, len(s.text)) // where an instruction begins
	inside := make([]bool, len(s.text)) // what belongs to a function
	for _, f := range s.functions {
		for at := 0; at < len(f.code); {
			n, err := Len(f.code[at:])
			if err != nil {
				t.Errorf("%s+%#x: %v: % x", f.name, at, err, f.code[at:min(at+maxLen, len(f.code))])
				break
			}
			off := int(f.entry-s.base) + at
			starts[off] = true
			for i := range n {
				inside[off+i] = true
			}
			at += n
		}
	}
	statements, err := s.statements()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, pc := range statements {
		if off := pc - s.base; off < uint64(len(s.text)) && inside[off] {
			seen++
			// Go's assembler takes LOCK and REP for instructions of their own,
			// with a line of their own.
			afterPrefix := off > 0 && starts[off-1] && slices.Contains([]byte{0xF0, 0xF2, 0xF3}, s.text[off-1])
			if !starts[off] && !afterPrefix {
				t.Errorf("statement at %#x is inside an instruction", pc)
			}
		}
	}
	t.Logf("%d functions, %d of %d statements", len(s.functions), seen, len(statements))
	if len(s.functions) < 2000 || seen < 30_000 || seen < len(statements)*9/10 {
		t.Error("too few")
	}
}

// x86asmMistake reports whether golang.org/x/arch/x86/x86asm v0.28.0 is known
// to be wrong about an instruction: it reads a ModRM behind VZEROUPPER, and it
// does not decode EVEX and some of VEX.
func x86asmMistake(b []byte, err error) bool {
	if err != nil {
		return slices.Contains([]byte{0xC4, 0xC5, 0x62}, b[0])
	}
	return len(b) == 3 && b[0] == 0xC5 && b[2] == 0x77
}

// TestLenAgainstX86asm compares lengths with the Go project's own decoder.
func TestLenAgainstX86asm(t *testing.T) {
	s, err := buildSelf()
	if err != nil {
		t.Fatal(err)
	}
	count, mistakes := 0, 0
	for _, f := range s.functions {
		for at := 0; at < len(f.code); {
			n, err := Len(f.code[at:])
			if err != nil {
				break // TestFunctions reports it
			}
			b := f.code[at : at+n]
			theirs, err := x86asm.Decode(f.code[at:], 64)
			switch {
			case err == nil && theirs.Len == n:
				count++
			case x86asmMistake(b, err):
				mistakes++
			default:
				t.Errorf("%s+%#x: x86asm has %d bytes, %v; Len = %d: % x", f.name, at, theirs.Len, err, n, b)
			}
			at += n
		}
	}
	t.Logf("%d instructions equal, %d known mistakes of x86asm", count, mistakes)
	if count < 100_000 {
		t.Error("too few")
	}
}
