package bpfhit

import (
	"encoding/binary"
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// types are the kernel's, as it describes them (Documentation/bpf/btf.rst). A library reads
// all of them to find one, which takes five times as long as to look for that.
type types struct{ list, names []byte }

// Kinds of types.
const (
	kindInt       = 1
	kindArray     = 3
	kindStruct    = 4
	kindUnion     = 5
	kindEnum      = 6
	kindTypedef   = 8
	kindVolatile  = 9
	kindConst     = 10
	kindFuncProto = 13
	kindVar       = 14
	kindDatasec   = 15
	kindDeclTag   = 17
	kindTypeTag   = 18
	kindEnum64    = 19

	typeHead  = 12 // name, kind and number of members, size or type
	member    = 12 // name, type, place
	btfMagic  = 0xeB9F
	btfHeader = 24
)

// maxModifiers is more than there are in front of a type.
const maxModifiers = 16

var errTypes = errors.New("the kernel's types are not in the form that is known")

const typesFile = "/sys/kernel/btf/vmlinux"

// kernelTypes are the kernel's types, until they are released. They are mapped where the
// kernel permits it (Linux 6.16): it hands out this file of some megabytes in single pages.
func kernelTypes() (t types, release func(), err error) {
	b, release, err := mapped(typesFile)
	if err != nil {
		release = func() {}
		if b, err = os.ReadFile(typesFile); err != nil {
			return types{}, release, err
		}
	}
	t, err = parseTypes(b)
	return t, release, err
}

// mapped is what is in a file, until it is released.
func mapped(path string) (b []byte, release func(), err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	// Whatever may be written through is refused (btf_sysfs_vmlinux_mmap in kernel/bpf/sysfs_btf.c).
	b, err = unix.Mmap(int(f.Fd()), 0, int(info.Size()), unix.PROT_READ, unix.MAP_PRIVATE)
	if err != nil {
		return nil, nil, err
	}
	return b, func() { _ = unix.Munmap(b) }, nil // it is what was mapped: that cannot fail
}

func parseTypes(b []byte) (types, error) {
	if len(b) < btfHeader || binary.NativeEndian.Uint16(b) != btfMagic {
		return types{}, errTypes
	}
	word := func(at int) uint64 { return uint64(binary.NativeEndian.Uint32(b[at:])) }
	head := word(4)
	section := func(at int) []byte {
		from, n := head+word(at), word(at+4)
		if from+n > uint64(len(b)) {
			return nil
		}
		return b[from : from+n]
	}
	t := types{section(8), section(16)}
	if t.list == nil || t.names == nil {
		return types{}, errTypes
	}
	return t, nil
}

// each calls fn with the types, numbered from 1, until it returns false.
func (t types) each(fn func(id, at int) bool) {
	for id, at := 1, 0; at+typeHead <= len(t.list); id++ {
		if !fn(id, at) {
			return
		}
		kind, n := t.kind(at)
		at += typeHead
		switch kind {
		case kindInt, kindVar, kindDeclTag:
			at += 4
		case kindArray:
			at += 12
		case kindStruct, kindUnion, kindDatasec, kindEnum64:
			at += 12 * n
		case kindEnum, kindFuncProto:
			at += 8 * n
		}
	}
}

func (t types) word(at int) int { return int(binary.NativeEndian.Uint32(t.list[at:])) }

func (t types) kind(at int) (kind, members int) {
	info := t.word(at + 4)
	return info >> 24 & 0x1f, info & 0xffff
}

// named reports whether the name at a place in the list is this one.
func (t types) named(at int, name string) bool {
	from := t.word(at)
	return from+len(name) < len(t.names) && t.names[from+len(name)] == 0 && string(t.names[from:from+len(name)]) == name
}

// find is where a type is, -1 if there is none.
func (t types) find(is func(id, at int) bool) (found int) {
	found = -1
	t.each(func(id, at int) bool {
		if is(id, at) {
			found = at
		}
		return found < 0
	})
	return found
}

// field is where a field of a struct is, in bytes, by the names on the way; -1: nowhere.
func (t types) field(name string, path []string) int {
	in := t.find(func(_, at int) bool {
		kind, _ := t.kind(at)
		return kind == kindStruct && t.named(at, name)
	})
	place := 0
	for i, name := range path {
		if in < 0 {
			return -1
		}
		off, of := t.member(in, name)
		if off < 0 {
			return -1
		}
		place += off
		if i < len(path)-1 {
			in = t.structure(of)
		}
	}
	return place
}

// member is where a struct has a member, in bytes, and the number of its type.
func (t types) member(in int, name string) (offset, of int) {
	_, n := t.kind(in)
	for at := in + typeHead; n > 0 && at+member <= len(t.list); at, n = at+member, n-1 {
		if !t.named(at, name) {
			continue
		}
		bit := t.word(at + 8)
		if t.word(in+4)>>31 != 0 { // there are fields of bits, with their sizes above
			bit &= 1<<24 - 1
		}
		return bit / 8, t.word(at + 4)
	}
	return -1, 0
}

// structure is the struct that the type of a number is, -1 if it is none.
func (t types) structure(of int) int {
	for range maxModifiers {
		at := t.find(func(id, _ int) bool { return id == of })
		if at < 0 {
			return -1
		}
		switch kind, _ := t.kind(at); kind {
		case kindStruct:
			return at
		case kindTypedef, kindVolatile, kindConst, kindTypeTag:
			of = t.word(at + 8)
		default:
			return -1
		}
	}
	return -1
}
