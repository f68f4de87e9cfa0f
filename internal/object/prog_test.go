package object

import (
	"bufio"
	"bytes"
	"debug/dwarf"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
)

// program is testdata/prog as a process: real maps that grow, real slices that are
// appended to. It does one operation for each line it gets, and stands still in between.
type program struct {
	image
	pid int
	mem *os.File
	in  io.WriteCloser
	out *bufio.Reader
}

// image is what the debug information of a program says.
type image struct {
	data  *dwarf.Data
	cache map[dwarf.Offset]godwarf.Type
	types map[string]dwarf.Offset // of package variables, "main." left out
	addrs map[string]uint64
	descs map[uint64]dwarf.Offset // by address of the type's descriptor
}

func readImage(t testing.TB, path string) image {
	t.Helper()
	ef, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer ef.Close()
	im := image{cache: map[dwarf.Offset]godwarf.Type{}, types: map[string]dwarf.Offset{}, addrs: map[string]uint64{}, descs: map[uint64]dwarf.Offset{}}
	if im.data, err = ef.DWARF(); err != nil {
		t.Fatal(err)
	}
	symbols, err := ef.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(symbols, func(s elf.Symbol) bool { return s.Name == "runtime.types" })
	if i < 0 {
		t.Fatal("no symbol runtime.types")
	}
	r := im.data.Reader()
	for {
		e, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if e == nil {
			return im
		}
		if e.Tag == dwarf.TagSubprogram {
			r.SkipChildren()
		}
		if off, ok := e.Val(godwarf.AttrGoRuntimeType).(uint64); ok && off != 0 {
			if _, there := im.descs[symbols[i].Value+off]; !there {
				im.descs[symbols[i].Value+off] = e.Offset
			}
		}
		v, _ := e.Val(dwarf.AttrName).(string)
		loc, _ := e.Val(dwarf.AttrLocation).([]byte)
		if e.Tag == dwarf.TagVariable && strings.HasPrefix(v, "main.") && len(loc) == 9 { // DW_OP_addr and an address
			v = strings.TrimPrefix(v, "main.")
			im.addrs[v], im.types[v] = binary.LittleEndian.Uint64(loc[1:]), e.Val(dwarf.AttrType).(dwarf.Offset)
		}
	}
}

func (im image) TypeAt(addr uint64) (godwarf.Type, error) {
	off, ok := im.descs[addr]
	if !ok {
		return nil, fmt.Errorf("no type at %#x", addr)
	}
	return godwarf.ReadType(im.data, 0, off, im.cache)
}

func (im image) FuncName(uint64) string { return "" }

func (im image) variable(t testing.TB, name string) (godwarf.Type, uint64) {
	t.Helper()
	off, ok := im.types[name]
	if !ok {
		t.Fatalf("no variable %s", name)
	}
	ty, err := godwarf.ReadType(im.data, 0, off, im.cache)
	if err != nil {
		t.Fatal(err)
	}
	return ty, im.addrs[name]
}

var (
	built    = map[string]string{} // by toolchain and flags
	builtDir string
)

func TestMain(m *testing.M) {
	var err error
	if builtDir, err = os.MkdirTemp("", "object"); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(builtDir)
	os.Exit(code)
}

// build builds testdata/prog once, by another toolchain if one is named.
func build(t testing.TB, toolchain string, flags ...string) string {
	t.Helper()
	how := toolchain + strings.Join(flags, " ")
	if path := built[how]; path != "" {
		return path
	}
	dir := filepath.Join(builtDir, strconv.Itoa(len(built)))
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	src, err := os.ReadFile("testdata/prog/main.go")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"main.go": string(src), "go.mod": "module prog\n\ngo 1.23\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "prog")
	cmd := exec.Command("go", append([]string{"build", "-o", path}, append(flags, ".")...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	if toolchain != "" {
		cmd.Env = append(cmd.Env, "GOTOOLCHAIN="+toolchain)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	built[how] = path
	return path
}

func start(t *testing.T, path string) *program {
	t.Helper()
	p := &program{image: readImage(t, path)}
	cmd := exec.Command(path)
	// Nothing but what is asked for: a thread that is traced is slow, and would be preempted
	// by a signal time and again.
	cmd.Env = append(os.Environ(), "GODEBUG=asyncpreemptoff=1", "GOGC=off")
	var err error
	if p.in, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewReader(out)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.in.Close()
		if t.Failed() { // it may be held by ptrace
			_ = cmd.Process.Kill()
		}
		if err := cmd.Wait(); err != nil && !t.Failed() {
			t.Error(err)
		}
	})
	p.pid = cmd.Process.Pid
	if p.mem, err = os.Open(fmt.Sprintf("/proc/%d/mem", cmd.Process.Pid)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.mem.Close() })
	p.expect(t, "ready")
	return p
}

func (p *program) expect(t *testing.T, want string) {
	t.Helper()
	got, err := p.out.ReadString('\n')
	if err != nil || got != want+"\n" {
		t.Fatalf("the program says %q, %v", got, err)
	}
}

func (p *program) do(t *testing.T, op string) {
	t.Helper()
	if _, err := io.WriteString(p.in, op+"\n"); err != nil {
		t.Fatal(err)
	}
	p.expect(t, "ok")
}

func (p *program) ReadMemory(buf []byte, addr uint64) (int, error) {
	return p.mem.ReadAt(buf, int64(addr))
}

// watched is an object with what stands for debug registers: a copy of the memory of all
// ranges that it wants watched.
type watched struct {
	*Object
	env   Env
	again func() (*Object, error)
	armed map[Range][]byte
	all   bool // all memory counts as written: words may have changed and changed back
}

func watch(t fataler, env Env, again func() (*Object, error)) *watched {
	o, err := again()
	if err != nil {
		t.Fatalf("%v", err)
	}
	w := &watched{Object: o, env: env, again: again, armed: map[Range][]byte{}}
	w.arm(t, o.Ranges())
	return w
}

type fataler interface {
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

func (w *watched) arm(t fataler, ranges []Range) {
	for _, r := range ranges {
		if _, there := w.armed[r]; there {
			t.Errorf("%v is to be watched twice", r)
		}
		b := make([]byte, r.Size)
		if _, err := w.env.ReadMemory(b, r.Addr); err != nil {
			t.Fatalf("%v: %v", r, err)
		}
		w.armed[r] = b
	}
}

// written returns what has changed in watched memory, in words, as if each had been hit.
func (w *watched) written(t fataler) []Range {
	var hit []Range
	for r, was := range w.armed {
		now := make([]byte, r.Size)
		if _, err := w.env.ReadMemory(now, r.Addr); err != nil {
			t.Fatalf("%v: %v", r, err)
		}
		for off := int64(0); off < r.Size; off += 8 {
			end := min(off+8, r.Size)
			if w.all || !bytes.Equal(was[off:end], now[off:end]) {
				hit = append(hit, Range{Addr: r.Addr + uint64(off), Size: end - off})
			}
		}
		copy(was, now)
	}
	slices.SortFunc(hit, compareRanges)
	return hit
}

// changed takes in what was written, and holds the object against one that is made out
// anew.
func (w *watched) changed(t fataler) Update {
	u := w.Changed(w.written(t)...)
	if u.Err != nil || u.Busy {
		t.Fatalf("err %v, busy %v", u.Err, u.Busy)
	}
	w.arm(t, u.Add)
	for _, r := range u.Remove {
		if _, there := w.armed[r]; !there {
			t.Errorf("%v was not watched", r)
		}
		delete(w.armed, r)
	}
	fresh, err := w.again()
	if err != nil {
		t.Fatalf("%v", err)
	}
	if got, want := allText(w.Object), allText(fresh); got != want {
		t.Errorf("the value is known as\n%s, and is\n%s", got, want)
	}
	got, want := w.Ranges(), fresh.Ranges()
	if !slices.Equal(got, want) {
		t.Errorf("%d ranges are watched, and it would be %d: %v, %v", len(got), len(want), got, want)
	}
	if len(w.armed) != len(got) {
		t.Errorf("%d ranges were added and not removed, and %d are wanted", len(w.armed), len(got))
	}
	if w.bytes != fresh.bytes || len(w.blocks) != len(fresh.blocks) {
		t.Errorf("%d bytes in %d blocks are known, and it would be %d in %d", w.bytes, len(w.blocks), fresh.bytes, len(fresh.blocks))
	}
	return u
}

// allText is the value of an object with nothing left out.
func allText(o *Object) string {
	p := printer{o: o, full: true}
	p.value(o.root.typ, o.root.old, o.root, 0)
	return string(p.dst)
}

func lines(u Update) []string {
	var s []string
	for _, c := range u.Changes {
		s = append(s, c.String())
	}
	return s
}
