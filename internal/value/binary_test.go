package value

import (
	"debug/dwarf"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
)

// binaryFile is a Go program on disk. Its sections serve as its memory.
type binaryFile struct {
	*elf.File
	symbols []elf.Symbol
	types   map[string]godwarf.Type
	addrs   map[string]uint64
}

func (f *binaryFile) FuncName(pc uint64) string {
	for _, s := range f.symbols {
		if s.Value <= pc && pc < s.Value+s.Size {
			return s.Name
		}
	}
	return ""
}

func (f *binaryFile) ReadMemory(buf []byte, addr uint64) (int, error) {
	for _, s := range f.Sections {
		if s.Flags&elf.SHF_ALLOC == 0 || addr < s.Addr || addr+uint64(len(buf)) > s.Addr+s.Size {
			continue
		}
		if s.Type == elf.SHT_NOBITS {
			clear(buf)
			return len(buf), nil
		}
		return s.ReadAt(buf, int64(addr-s.Addr))
	}
	return 0, fmt.Errorf("no section at %#x", addr)
}

func (f *binaryFile) format(t *testing.T, variable string) string {
	ty := f.types[variable]
	if ty == nil {
		t.Fatalf("no variable %s in the DWARF", variable)
	}
	b := make([]byte, ty.Size())
	if _, err := f.ReadMemory(b, f.addrs[variable]); err != nil {
		t.Fatal(err)
	}
	return Format(ty, b, f)
}

// openBinary builds testdata/vars and reads its package variables.
func openBinary(t *testing.T, flags ...string) *binaryFile {
	path := filepath.Join(t.TempDir(), "vars")
	args := append([]string{"build", "-o", path}, flags...)
	if out, err := exec.Command("go", append(args, "./testdata/vars")...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	ef, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ef.Close() })
	f := &binaryFile{File: ef, types: map[string]godwarf.Type{}, addrs: map[string]uint64{}}
	if f.symbols, err = ef.Symbols(); err != nil {
		t.Fatal(err)
	}
	data, err := ef.DWARF()
	if err != nil {
		t.Fatal(err)
	}
	cache := map[dwarf.Offset]godwarf.Type{}
	for r := data.Reader(); ; {
		e, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if e == nil {
			return f
		}
		if e.Tag == dwarf.TagSubprogram {
			r.SkipChildren()
		}
		v, _ := e.Val(dwarf.AttrName).(string)
		loc, _ := e.Val(dwarf.AttrLocation).([]byte)
		if e.Tag != dwarf.TagVariable || !strings.HasPrefix(v, "main.") || len(loc) != 9 {
			continue // a location of 9 bytes is DW_OP_addr and an address
		}
		v = strings.TrimPrefix(v, "main.")
		f.addrs[v] = binary.LittleEndian.Uint64(loc[1:])
		if f.types[v], err = godwarf.ReadType(data, 0, e.Val(dwarf.AttrType).(dwarf.Offset), cache); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRealBinary(t *testing.T) {
	values := map[string]string{
		"number": "-42", "letter": "65", "low": "-2", "yes": "true", "half": "0.5", "turn": "(1+2i)", "pause": "1.5s", "month": "3", "raw": "99",
		"nothing": "nil", "hook": "main.double", "noHook": "nil", "where": "nil",
		"grid": "[[1 2] [3 4]]", "triple": "[1 2 3]", "generic": "{a:5 b:6}", "plain": "{X:1 Y:2}",
		"first":   "{ID:7 Level:3 _:0 Duration:1s next:nil Hook:main.double Parts:[{X:1 Y:2} {X:3 Y:4}]}",
		"lock":    "{mu:{state:0 sema:0}}",
		"counter": "{v:0}",
		"zeroed":  "{n:0}",
	}
	refused := map[string]string{
		"text": "string", "list": "slice", "any1": "interface", "dict": "map", "pipe": "chan",
		"holder": "string", "holders": "string",
	}
	for name, flags := range map[string][]string{"unoptimized": {"-gcflags=all=-N -l"}, "optimized": nil} {
		t.Run(name, func(t *testing.T) {
			f := openBinary(t, flags...)
			for v, want := range values {
				if got := f.format(t, v); got != want {
					t.Errorf("%s: got %s, want %s", v, got, want)
				}
				if err := Watchable(f.types[v]); err != nil {
					t.Errorf("%s: %v", v, err)
				}
			}
			for v, kind := range refused {
				f.format(t, v) // fails if there is no such variable
				var not *NotWatchable
				if err := Watchable(f.types[v]); !errors.As(err, &not) || not.Kind != kind {
					t.Errorf("%s: %v, want kind %s", v, err, kind)
				}
			}
			var not *NotWatchable
			if errors.As(Watchable(f.types["holder"]), &not); not.Root+not.Path != "main.account.Name" {
				t.Errorf("holder: the trouble is at %s%s", not.Root, not.Path)
			}
		})
	}
}
