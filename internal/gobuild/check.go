package gobuild

import (
	"bytes"
	"debug/buildinfo"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// Info is what a binary says about itself.
type Info struct {
	GOOS, GOARCH string // in Go's names, "linux" and "amd64"; GOARCH is ELF's own name where Go has none
	GoVersion    string // "go1.26.1"; "" if it was not built by Go, or keeps no build information
	Package      string // import path of its main package; "" if unknown
	DWARF        bool   // has debug information (it does not after -ldflags=-w or strip)
	Stripped     bool   // has no symbol table
	Optimized    bool   // a Go binary whose recorded -gcflags have no -N; not known for other binaries and then false
	PIE          bool   // is loaded at an address the kernel chooses
}

// Check reads the ELF file at path. It judges only the file's form: a program
// of another platform or one that may not be executed is no error here. The
// error is an [*Error] of kind ErrNotFound, ErrUnreadable or ErrNotELF.
func Check(path string) (Info, error) {
	return check(path, path)
}

// check is Check of path for a user who named it arg.
func check(arg, path string) (Info, error) {
	fail := func(kind error, text string, err error) (Info, error) {
		return Info{}, &Error{Arg: arg, Kind: kind, Text: text, Err: err}
	}
	// Opening a fifo blocks, so look first.
	st, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fail(ErrNotFound, "no such file", err)
	case err != nil:
		return fail(ErrUnreadable, cause(err), err)
	case !st.Mode().IsRegular():
		return fail(ErrNotELF, "is not a regular file: name a program", nil)
	}
	f, err := os.Open(path)
	if err != nil {
		return fail(ErrUnreadable, "cannot be read ("+cause(err)+"): Argus needs its debug information", err)
	}
	defer f.Close()

	head := make([]byte, 16)
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return fail(ErrUnreadable, cause(err), err)
	}
	if head = head[:n]; !bytes.HasPrefix(head, []byte(elf.ELFMAG)) {
		return fail(ErrNotELF, notELF(head), nil)
	}
	ef, err := elf.NewFile(f)
	if err != nil {
		return fail(ErrNotELF, "is a damaged ELF file: "+err.Error(), err)
	}
	switch ef.Type {
	case elf.ET_EXEC, elf.ET_DYN:
	case elf.ET_REL:
		return fail(ErrNotELF, "is an object file: link it first", nil)
	case elf.ET_CORE:
		return fail(ErrNotELF, "is a core dump: name the program that left it", nil)
	default:
		return fail(ErrNotELF, fmt.Sprintf("is an ELF file of type %v, not a program", ef.Type), nil)
	}
	return describe(ef, f), nil
}

func describe(ef *elf.File, r io.ReaderAt) Info {
	info := Info{
		GOOS:     osNames[ef.OSABI],
		GOARCH:   archName(ef),
		DWARF:    ef.Section(".debug_info") != nil || ef.Section(".zdebug_info") != nil,
		Stripped: ef.Section(".symtab") == nil,
		PIE:      ef.Type == elf.ET_DYN,
	}
	if info.GOOS == "" {
		info.GOOS = ef.OSABI.String()
	}
	bi, err := buildinfo.Read(r)
	if err != nil {
		return info // not Go, or build information removed
	}
	info.GoVersion, info.Package, info.Optimized = bi.GoVersion, bi.Path, true
	for _, s := range bi.Settings {
		switch s.Key {
		case "-gcflags":
			info.Optimized = !disablesOptimizer(s.Value)
		case "GOOS":
			info.GOOS = s.Value
		}
	}
	return info
}

// disablesOptimizer reports whether a recorded -gcflags value, "all=-N -l" or
// "-N -l", turns the optimizer off for the main package.
func disablesOptimizer(gcflags string) bool {
	for _, f := range strings.Fields(strings.TrimPrefix(gcflags, "all=")) {
		if f == "-N" {
			return true
		}
	}
	return false
}

// cause is err without the path that os puts in front of it.
func cause(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}

// notELF names a file by its first bytes.
func notELF(head []byte) string {
	for _, m := range []struct{ magic, text string }{
		{"#!", "is a script: name the program that it starts"},
		{"MZ", "is a Windows program: build it with GOOS=linux"},
		{"\xcf\xfa\xed\xfe", "is a macOS program: build it with GOOS=linux"},
		{"\xce\xfa\xed\xfe", "is a macOS program: build it with GOOS=linux"},
		{"\xca\xfe\xba\xbe", "is a macOS program: build it with GOOS=linux"},
		{"\x00asm", "is a WebAssembly module: build it with GOOS=linux"},
		{"!<arch>", "is a library archive: name a command, e.g. ./cmd/x"},
	} {
		if bytes.HasPrefix(head, []byte(m.magic)) {
			return m.text
		}
	}
	return "is not an ELF program: name a Go package or a Linux binary"
}

// osNames holds Go's names of the systems that ELF's OSABI byte tells apart
// (gABI, "ELF Identification"). Go leaves 0 on Linux.
var osNames = map[elf.OSABI]string{
	elf.ELFOSABI_NONE:    "linux",
	elf.ELFOSABI_LINUX:   "linux",
	elf.ELFOSABI_FREEBSD: "freebsd",
	elf.ELFOSABI_NETBSD:  "netbsd",
	elf.ELFOSABI_OPENBSD: "openbsd",
	elf.ELFOSABI_SOLARIS: "solaris",
}

func archName(f *elf.File) string {
	switch f.Machine {
	case elf.EM_X86_64:
		return "amd64"
	case elf.EM_AARCH64:
		return "arm64"
	case elf.EM_386:
		return "386"
	case elf.EM_ARM:
		return "arm"
	case elf.EM_RISCV:
		return "riscv64"
	}
	return strings.ToLower(strings.TrimPrefix(f.Machine.String(), "EM_"))
}

// program checks that this machine can run path, which the user named arg.
func program(arg, path string) (Info, error) {
	info, err := check(arg, path)
	if err != nil {
		return info, err
	}
	if info.GOOS != "linux" || info.GOARCH != runtime.GOARCH {
		return info, &Error{Arg: arg, Kind: ErrPlatform, Text: fmt.Sprintf("is a program for %s/%s, and this is linux/%s: build it with GOOS=linux GOARCH=%[3]s",
			info.GOOS, info.GOARCH, runtime.GOARCH)}
	}
	if err := unix.Access(path, unix.X_OK); err != nil {
		text := "may not be executed by this user or from this file system (" + err.Error() + ")"
		if st, serr := os.Stat(path); serr == nil && st.Mode()&0o111 == 0 {
			text = "is not executable: run chmod +x on it"
		}
		return info, &Error{Arg: arg, Kind: ErrNotExecutable, Text: text, Err: err}
	}
	return info, nil
}
