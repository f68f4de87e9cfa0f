package backend

import (
	"cmp"
	"debug/elf"
	"encoding/binary"
	"errors"
	"io"
	"slices"
)

// image is a program's memory as it is going to be when the dynamic linker has moved it to
// where it is: a position-independent program that has only been started has addresses in
// it that still count from 0. It is for what is never written after that.
type image struct {
	m     *traceMemory
	base  uint64
	moved []elf.Rela64 // in order of their places
}

// Types of relocations by which a word becomes the base address and an addend (System V ABI,
// AMD64 supplement, 4.4.1; ELF for the Arm 64-bit Architecture, 5.7.3.2).
var relative = map[elf.Machine]uint32{
	elf.EM_X86_64:  uint32(elf.R_X86_64_RELATIVE),
	elf.EM_AARCH64: uint32(elf.R_AARCH64_RELATIVE),
}

func newImage(m *traceMemory, base uint64) (*image, error) {
	e, err := elf.NewFile(m.file)
	if err != nil {
		return nil, err
	}
	im := &image{m: m, base: base}
	for _, s := range e.Sections {
		if s.Type != elf.SHT_RELA || s.Flags&elf.SHF_ALLOC == 0 {
			continue
		}
		data, err := s.Data()
		if err != nil {
			return nil, err
		}
		const size = 24 // of an Elf64_Rela
		for ; len(data) >= size; data = data[size:] {
			r := elf.Rela64{Off: binary.LittleEndian.Uint64(data), Info: binary.LittleEndian.Uint64(data[8:]),
				Addend: int64(binary.LittleEndian.Uint64(data[16:]))}
			if elf.R_TYPE64(r.Info) == relative[e.Machine] {
				im.moved = append(im.moved, r)
			}
		}
	}
	slices.SortFunc(im.moved, func(a, b elf.Rela64) int { return cmp.Compare(a.Off, b.Off) })
	return im, nil
}

// ReadMemory reads the file, moved.
func (im *image) ReadMemory(buf []byte, addr uint64) (int, error) {
	seg := im.m.segment(addr, len(buf))
	if seg == nil {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := im.m.fromFile(buf, addr, seg)
	if err != nil {
		return n, err
	}
	from := addr - im.base // as the file counts
	i, _ := slices.BinarySearchFunc(im.moved, from, func(r elf.Rela64, at uint64) int { return cmp.Compare(r.Off+wordSize-1, at) })
	for ; i < len(im.moved) && im.moved[i].Off < from+uint64(len(buf)); i++ {
		r := im.moved[i]
		var word [wordSize]byte
		binary.LittleEndian.PutUint64(word[:], im.base+uint64(r.Addend))
		for k, b := range word {
			if at := r.Off + uint64(k); at >= from && at < from+uint64(len(buf)) {
				buf[at-from] = b
			}
		}
	}
	return n, nil
}

// WriteMemory fails: there is nothing to be written.
func (im *image) WriteMemory(uint64, []byte) (int, error) {
	return 0, errors.New("the image of a program is not written")
}
