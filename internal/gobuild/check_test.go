package gobuild

import (
	"debug/elf"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// built builds the command of shop with flags and returns its path.
func built(t *testing.T, o Options) string {
	t.Helper()
	o.Dir = shop(t)
	p, err := Resolve(t.Context(), "./cmd/till", o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Remove() })
	return p.Path
}

func TestCheck(t *testing.T) {
	base := Info{GOOS: "linux", GOARCH: runtime.GOARCH, GoVersion: runtime.Version(), Package: "example.com/shop/cmd/till", DWARF: true}
	with := func(change func(*Info)) Info {
		i := base
		change(&i)
		return i
	}
	for _, c := range []struct {
		name string
		o    Options
		want Info
	}{
		{"for debugging", Options{}, base},
		{"optimized", Options{Optimized: true}, with(func(i *Info) { i.Optimized = true })},
		{"main package only", Options{Optimized: true, BuildFlags: []string{"-gcflags=-N -l"}}, base},
		{"another package only", Options{Optimized: true, BuildFlags: []string{"-gcflags=fmt=-N -l"}}, with(func(i *Info) { i.Optimized = true })},
		{"no inlining", Options{Optimized: true, BuildFlags: []string{"-gcflags=all=-l"}}, with(func(i *Info) { i.Optimized = true })},
		{"no DWARF", Options{BuildFlags: []string{"-ldflags=-w"}}, with(func(i *Info) { i.DWARF = false })},
		{"stripped", Options{BuildFlags: []string{"-ldflags=-s -w"}}, with(func(i *Info) { i.DWARF, i.Stripped = false, true })},
		{"PIE", Options{BuildFlags: []string{"-buildmode=pie"}}, with(func(i *Info) { i.PIE = true })},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Check(built(t, c.o))
			if err != nil || got != c.want {
				t.Errorf("got %+v %v\nwant %+v", got, err, c.want)
			}
		})
	}
}

// patched copies the program at path with a value of one ELF header field changed.
func patched(t *testing.T, path string, at int, value []byte) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	copy(b[at:], value)
	to := filepath.Join(t.TempDir(), "patched")
	if err := os.WriteFile(to, b, 0o755); err != nil {
		t.Fatal(err)
	}
	return to
}

// Offsets in the header of an ELF64 file (gABI, "ELF Header").
const (
	atOSABI   = 7
	atType    = 16
	atMachine = 18
)

func TestForeignPrograms(t *testing.T) {
	path := built(t, Options{})
	half := func(v uint16) []byte { return binary.LittleEndian.AppendUint16(nil, v) }
	for _, c := range []struct {
		name  string
		at    int
		value []byte
		kind  error
		says  string
	}{
		{"386", atMachine, half(uint16(elf.EM_386)), ErrPlatform, "is a program for linux/386"},
		{"mips", atMachine, half(uint16(elf.EM_MIPS)), ErrPlatform, "is a program for linux/mips"},
		{"object file", atType, half(uint16(elf.ET_REL)), ErrNotELF, "is an object file"},
		{"core dump", atType, half(uint16(elf.ET_CORE)), ErrNotELF, "is a core dump"},
		{"unknown type", atType, half(77), ErrNotELF, "not a program"},
		{"big-endian garbage", 5, []byte{2}, ErrNotELF, "is a damaged ELF file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cleanTemp(t)
			file := patched(t, path, c.at, c.value)
			_, err := Resolve(t.Context(), file, Options{})
			if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) {
				t.Error(err)
			}
			if _, err := Check(file); (err == nil) != (c.kind == ErrPlatform) {
				t.Errorf("Check judges more than the file's form: %v", err)
			}
		})
	}
}

func TestCheckWithoutBuildInfo(t *testing.T) {
	path := built(t, Options{})
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := f.Section(".go.buildinfo")
	if s == nil {
		t.Fatal("no build information to remove")
	}
	file := patched(t, path, int(s.Offset), make([]byte, s.Size))
	want := Info{GOOS: "linux", GOARCH: runtime.GOARCH, DWARF: true}
	if got, err := Check(file); err != nil || got != want {
		t.Errorf("got %+v %v, want %+v", got, err, want)
	}
	// Without build information the operating system is what ELF says.
	if got, err := Check(patched(t, file, atOSABI, []byte{byte(elf.ELFOSABI_FREEBSD)})); err != nil || got.GOOS != "freebsd" {
		t.Errorf("%+v %v", got, err)
	}
	if got, err := Check(patched(t, file, atOSABI, []byte{byte(elf.ELFOSABI_AIX)})); err != nil || got.GOOS != "ELFOSABI_AIX" {
		t.Errorf("%+v %v", got, err)
	}
}

func TestFileModes(t *testing.T) {
	path := built(t, Options{})
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Resolve(t.Context(), path, Options{}); !errors.Is(err, ErrNotExecutable) || !strings.Contains(err.Error(), "chmod +x") {
		t.Error(err)
	}
	if _, err := Check(path); err != nil {
		t.Error(err)
	}
	if os.Geteuid() == 0 {
		return // root reads and runs what others may not
	}
	if err := os.Chmod(path, 0o011); err != nil {
		t.Fatal(err)
	}
	if _, err := Resolve(t.Context(), path, Options{}); !errors.Is(err, ErrUnreadable) {
		t.Error(err)
	}
	if err := os.Chmod(path, 0o401); err != nil {
		t.Fatal(err)
	}
	if _, err := Resolve(t.Context(), path, Options{}); !errors.Is(err, ErrNotExecutable) || !strings.Contains(err.Error(), "by this user") {
		t.Error(err)
	}
	if err := os.Chmod(filepath.Dir(path), 0); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(filepath.Dir(path), 0o700)
	if _, err := Resolve(t.Context(), path, Options{}); !errors.Is(err, ErrUnreadable) {
		t.Error(err)
	}
}

func TestCheckMissingFile(t *testing.T) {
	if _, err := Check(filepath.Join(t.TempDir(), "nope")); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
}

func FuzzCheck(f *testing.F) {
	f.Add([]byte("\x7fELF\x02\x01\x01"))
	if b, err := os.ReadFile("/proc/self/exe"); err == nil {
		f.Add(b[:4096])
	}
	path := filepath.Join(f.TempDir(), "file")
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := os.WriteFile(path, b, 0o755); err != nil {
			t.Fatal(err)
		}
		_, err := Check(path)
		if e := new(Error); err != nil && !errors.As(err, &e) {
			t.Errorf("%T %v", err, err)
		}
	})
}
