package heap

import (
	"errors"
	"fmt"
	"go/constant"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
	"github.com/go-delve/delve/pkg/proc"
	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// process is the memory of a child.
type process int

func (pid process) ReadMemory(buf []byte, addr uint64) (int, error) {
	local := unix.Iovec{Base: &buf[0]}
	local.SetLen(len(buf))
	n, err := unix.ProcessVMReadv(int(pid), []unix.Iovec{local}, []unix.RemoteIovec{{Base: uintptr(addr), Len: len(buf)}}, 0)
	if err == nil && n < len(buf) {
		err = unix.EFAULT
	}
	return n, err
}

// program is the debug information of one, and where its heap begins.
type program struct {
	*proc.BinaryInfo
	mheap  uint64
	hidden string // is not found
}

func (p program) FindType(name string) (godwarf.Type, error) {
	if name == p.hidden {
		return nil, errors.New("hidden")
	}
	return p.BinaryInfo.FindType(name)
}

func (p program) constant(name string) (uint64, error) {
	if name == p.hidden {
		return 0, errors.New("hidden")
	}
	v, err := (&proc.EvalScope{BinInfo: p.BinaryInfo}).EvalExpression(name, proc.LoadConfig{})
	if err != nil {
		return 0, err
	}
	n, _ := constant.Uint64Val(v.Value)
	return n, nil
}

func open(t testing.TB, path string) program {
	t.Helper()
	p := program{BinaryInfo: proc.NewBinaryInfo("linux", "amd64", false)}
	if err := p.LoadBinaryInfo(path, 0, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	v, err := (&proc.EvalScope{BinInfo: p.BinaryInfo}).EvalExpression("runtime.mheap_", proc.LoadConfig{})
	if err != nil {
		t.Fatal(err)
	}
	p.mheap = v.Addr
	return p
}

// TestFind: every object of a process is found from every address in it, and nothing else
// is taken for one.
func TestFind(t *testing.T) {
	testkit.Watchdog(t)
	path := testkit.Target(t, "lifetimes", testkit.Optimized)
	cmd, line := testkit.Start(t, path, "say", "0")
	p, mem := open(t, path), process(cmd.Process.Pid)
	h, err := New(p, p.constant, p.mheap)
	if err != nil {
		t.Fatal(err)
	}
	found, gone := 0, 0
	for words := strings.Fields(line); len(words) >= 3; words = words[3:] {
		var addr, size uint64
		var pointers bool
		if _, err := fmt.Sscan(strings.Join(words[:3], " "), &addr, &size, &pointers); err != nil {
			t.Fatal(err)
		}
		if size == 0 {
			if o, ok, err := h.Find(mem, addr); ok || err != nil {
				t.Errorf("%#x: %+v, %v", addr, o, err)
			}
			gone++
			continue
		}
		for _, off := range []uint64{0, 1, size / 2, rand.Uint64N(size), size - 1} {
			o, ok, err := h.Find(mem, addr+off)
			if size == 16 && !pointers { // in a block of several
				addr = addr &^ 15
				o, ok, err = h.Find(mem, addr)
			}
			if err != nil || !ok || o.Base != addr || o.Size != size || o.Pointers() != pointers || !o.Managed {
				t.Errorf("%#x+%d, of %d bytes: %+v, %v, %v", addr, off, size, o, ok, err)
			}
		}
		found++
	}
	if found != 63 || gone != 12 {
		t.Errorf("%d objects, %d places without", found, gone)
	}
	for _, addr := range []uint64{0, 8, 1 << 40, 1 << 47, 1<<64 - 8, p.mheap} {
		if o, ok, err := h.Find(mem, addr); ok || err != nil {
			t.Errorf("%#x: %+v, %v", addr, o, err)
		}
	}
	if _, _, err := h.Find(process(-1), 0xc000000000); err == nil {
		t.Error("memory that cannot be read")
	}
}

// TestUnknownRuntime: whatever is not as it is known is an error that names it.
func TestUnknownRuntime(t *testing.T) {
	path := testkit.Target(t, "lifetimes", testkit.Optimized)
	p := open(t, path)
	for _, name := range []string{"runtime.mheap", "runtime.heapArena", "runtime.mspan", "runtime.special",
		"runtime._PageSize", "runtime.mSpanInUse", "runtime._KindSpecialFinalizer", "runtime.arenaBaseOffsetUintptr"} {
		p.hidden = name
		_, err := New(p, p.constant, p.mheap)
		var unknown *UnknownError
		if !errors.As(err, &unknown) || !strings.Contains(err.Error(), name) || errors.Unwrap(err) == nil {
			t.Errorf("without %s: %v", name, err)
		}
	}
}

// TestOtherLayouts: a field that is missing, or is of another kind, is not taken for what
// it is not.
func TestOtherLayouts(t *testing.T) {
	path := testkit.Target(t, "lifetimes", testkit.Optimized)
	p := open(t, path)
	for name, fields := range map[string][]string{
		"runtime.mheap": {"sweepgen", "arenas"}, "runtime.heapArena": {"spans"}, "runtime.special": {"next", "offset", "kind"},
		"runtime.mspan": {"startAddr", "freeindex", "nelems", "elemsize", "limit", "state", "spanclass", "sweepgen", "allocBits", "gcmarkBits", "specials"},
	} {
		for _, field := range fields {
			for _, instead := range []godwarf.Type{nil, &godwarf.FuncType{}, &godwarf.StructType{}} {
				_, err := New(changed{p, name, field, instead}, p.constant, p.mheap)
				var unknown *UnknownError
				if !errors.As(err, &unknown) || !strings.Contains(err.Error(), field) {
					t.Errorf("%s without %s: %v", name, field, err)
				}
			}
		}
	}
}

// changed has a type with one field missing, or of another type.
type changed struct {
	program
	name, field string
	instead     godwarf.Type
}

func (c changed) FindType(name string) (godwarf.Type, error) {
	t, err := c.program.FindType(name)
	if err != nil || name != c.name {
		return t, err
	}
	s := *godwarf.ResolveTypedef(t).(*godwarf.StructType)
	i := slices.IndexFunc(s.Field, func(f *godwarf.StructField) bool { return f.Name == c.field })
	if c.instead == nil {
		s.Field = slices.Delete(slices.Clone(s.Field), i, i+1)
	} else {
		f := *s.Field[i]
		f.Type = c.instead
		s.Field = slices.Clone(s.Field)
		s.Field[i] = &f
	}
	return &s, nil
}
