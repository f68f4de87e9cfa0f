package where

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"go/constant"
	"sort"

	"github.com/go-delve/delve/pkg/proc"
)

// memory is the program's.
type memory interface {
	ReadMemory(buf []byte, addr uint64) (int, error)
}

// funcTable is the table that the linker gives every program for its own runtime
// ("pclntab"; runtime/symtab.go): of each instruction how much of the stack its function
// has taken, and which line it belongs to. To look something up takes a few reads of the
// program's memory, where debug information is decoded from the beginning of the package.
type funcTable struct {
	mem     memory
	pages   map[uint64][]byte // of the tables, which are never written
	text    uint64            // what offsets of code count from
	quantum uint64            // what all instructions are multiples of, in bytes
	ftab    region            // of each function, in order, its offset and that of its funcInfo
	funcs   region            // funcInfos
	pctab   region            // values by instruction
	cutab   region            // of each package, its files
	files   region            // their names
	names   region            // of functions
	gofunc  uint64            // where the other data of functions are
}

// region is some memory.
type region struct{ addr, size uint64 }

// funcInfo is what is used of runtime._func.
type funcInfo struct {
	entry                 uint64
	pcsp, pcfile, pcln    uint32 // offsets in pctab; 0: there are none
	compilationUnitOffset uint32 // index into cutab
	pcinline              uint32 // offset in pctab: index into inlined
	inlined               uint64 // address of an array of runtime.inlinedCall; 0: there is none
}

const (
	// tableMagic is that of Go 1.20 and later, internal/abi.Go120PCLnTabMagic.
	tableMagic = 0xfffffff1
	ftabEntry  = 8  // bytes; runtime.functab
	infoSize   = 44 // bytes of runtime._func, behind which there are two arrays of numbers
	inlineSize = 16 // bytes of runtime.inlinedCall
	// What of these arrays is used: internal/abi.PCDATA_InlTreeIndex and FUNCDATA_InlTree.
	inlineIndex, inlineTree = 2, 3

	pageSize   = 4096
	maxPages   = 4096 // kept; then they are read again
	maxName    = 4096 // bytes of a file's name, or a function's
	maxInlined = 100  // calls within one another
)

var errNoTable = errors.New("the program has no table of its functions, or of a Go version that is not known")

// newFuncTable finds the table of a program's first module.
func newFuncTable(bi *proc.BinaryInfo, mem proc.MemoryReadWriter) (*funcTable, error) {
	scope := &proc.EvalScope{BinInfo: bi, Mem: mem}
	module, err := scope.EvalExpression("runtime.firstmoduledata", proc.LoadConfig{MaxStructFields: -1})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoTable, err)
	}
	t := &funcTable{mem: mem, pages: map[uint64][]byte{}}
	slices := map[string]*region{"ftab": &t.ftab, "pclntable": &t.funcs, "pctab": &t.pctab, "cutab": &t.cutab, "filetab": &t.files,
		"funcnametab": &t.names}
	sizes := map[string]uint64{"ftab": ftabEntry, "cutab": 4}
	words := map[string]*uint64{"text": &t.text, "gofunc": &t.gofunc}
	header, sections := uint64(0), int64(0)
	for i := range module.Children {
		field := &module.Children[i]
		switch field.Name {
		case "text", "gofunc":
			if field.Value != nil {
				*words[field.Name], _ = constant.Uint64Val(field.Value)
			}
		case "pcHeader":
			if len(field.Children) == 1 {
				header = field.Children[0].Addr
			}
		case "textsectmap":
			sections = field.Len
		}
		if r := slices[field.Name]; r != nil {
			*r = region{field.Base, uint64(max(field.Len, 0)) * max(sizes[field.Name], 1)}
		}
	}
	head, err := t.read(region{header, 8}, 0, 8)
	if err != nil || binary.LittleEndian.Uint32(head) != tableMagic || head[7] != 8 || head[6] == 0 || t.text == 0 ||
		t.ftab.size < 2*ftabEntry || sections > 1 { // with several sections offsets are not what they seem
		return nil, errNoTable
	}
	t.quantum = uint64(head[6])
	return t, nil
}

// read returns n bytes of a region from an offset on, or what there is of them, at least
// one. They are not the caller's to change.
func (t *funcTable) read(r region, at, n uint64) ([]byte, error) {
	if at >= r.size {
		return nil, fmt.Errorf("%d is not within a table of %d bytes", at, r.size)
	}
	n = min(n, r.size-at)
	addr := r.addr + at
	first, last := addr/pageSize, (addr+n-1)/pageSize
	page, err := t.page(first)
	if err != nil {
		return nil, err
	}
	from := addr - first*pageSize
	if first == last {
		return page[from:][:n], nil
	}
	list := append([]byte(nil), page[from:]...)
	for i := first + 1; i <= last; i++ {
		if page, err = t.page(i); err != nil {
			return nil, err
		}
		list = append(list, page...)
	}
	return list[:n], nil
}

func (t *funcTable) page(index uint64) ([]byte, error) {
	if p := t.pages[index]; p != nil {
		return p, nil
	}
	if len(t.pages) >= maxPages {
		clear(t.pages)
	}
	p := make([]byte, pageSize)
	if _, err := t.mem.ReadMemory(p, index*pageSize); err != nil {
		return nil, err
	}
	t.pages[index] = p
	return p, nil
}

// info finds the function that pc is in.
func (t *funcTable) info(pc uint64) (f funcInfo, err error) {
	if pc < t.text || pc-t.text > 1<<32-1 {
		return f, errNoTable
	}
	offset := uint32(pc - t.text)
	entry := func(i int) (code, info uint32) {
		b, err1 := t.read(t.ftab, uint64(i)*ftabEntry, ftabEntry)
		if err1 != nil {
			err = err1
			return 0, 0
		}
		return binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])
	}
	n := int(t.ftab.size/ftabEntry) - 1 // the last one is the end of the code
	i := sort.Search(n+1, func(i int) bool { code, _ := entry(i); return code > offset })
	if err == nil && (i == 0 || i > n) {
		err = errNoTable
	}
	if err != nil {
		return f, err
	}
	code, at := entry(i - 1)
	b, err := t.read(t.funcs, uint64(at), infoSize)
	if err != nil || len(b) < infoSize {
		return f, errNoTable
	}
	word := func(i int) uint32 { return binary.LittleEndian.Uint32(b[4*i:]) }
	if word(0) != code {
		return f, errNoTable
	}
	f = funcInfo{entry: t.text + uint64(code), pcsp: word(4), pcfile: word(5), pcln: word(6), compilationUnitOffset: word(8)}
	values, data := uint64(word(7)), uint64(b[infoSize-1]) // how many there are of each array
	if values <= inlineIndex || data <= inlineTree {
		return f, nil
	}
	b, err = t.read(t.funcs, uint64(at)+infoSize, 4*(values+data))
	if err != nil || uint64(len(b)) < 4*(values+data) {
		return f, errNoTable
	}
	if offset := word(int(values) + inlineTree); offset != 1<<32-1 {
		f.pcinline, f.inlined = word(inlineIndex), t.gofunc+uint64(offset)
	}
	return f, nil
}

// value looks up one of the tables by instruction: pairs of differences, of the value and
// of the address up to which it holds (runtime.step).
func (t *funcTable) value(f funcInfo, table uint32, pc uint64) (int32, error) {
	if table == 0 {
		return 0, errNoTable
	}
	at, end, value := uint64(table), f.entry, int32(-1)
	var chunk []byte
	next := func() (uint32, error) {
		var v uint32
		for shift := 0; shift < 35; shift += 7 {
			if len(chunk) == 0 {
				var err error
				if chunk, err = t.read(t.pctab, at, 256); err != nil {
					return 0, err
				}
			}
			b := chunk[0]
			chunk = chunk[1:]
			at++
			v |= uint32(b&0x7f) << shift
			if b&0x80 == 0 {
				return v, nil
			}
		}
		return 0, errNoTable
	}
	for first := true; ; first = false {
		d, err := next()
		if err != nil {
			return 0, err
		}
		if d == 0 && !first { // pc is behind the function's end
			return 0, errNoTable
		}
		value += int32(-(d & 1) ^ d>>1)
		step, err := next()
		if err != nil {
			return 0, err
		}
		if end += uint64(step) * t.quantum; pc < end {
			return value, nil
		}
	}
}

// frameSize is how much of the stack the function of pc has taken there, in bytes, without
// what the call has pushed.
func (t *funcTable) frameSize(entry, pc uint64) (uint64, bool) {
	f, err := t.info(pc)
	if err != nil || f.entry != entry {
		return 0, false
	}
	n, err := t.value(f, f.pcsp, pc)
	return uint64(n), err == nil && n >= 0
}

// line is which line pc belongs to, that of an inlined function where there is one.
func (t *funcTable) line(entry, pc uint64) (file string, line int, ok bool) {
	f, err := t.info(pc)
	if err != nil || f.entry != entry {
		return "", 0, false
	}
	return t.lineIn(f, pc)
}

func (t *funcTable) lineIn(f funcInfo, pc uint64) (file string, line int, ok bool) {
	index, err := t.value(f, f.pcfile, pc)
	if err != nil || index < 0 {
		return "", 0, false
	}
	n, err := t.value(f, f.pcln, pc)
	if err != nil || n < 0 {
		return "", 0, false
	}
	at, err := t.read(t.cutab, 4*(uint64(f.compilationUnitOffset)+uint64(index)), 4)
	if err != nil || len(at) < 4 {
		return "", 0, false
	}
	file, ok = t.cstring(t.files, uint64(binary.LittleEndian.Uint32(at)))
	return file, int(n), ok
}

// cstring is what there is up to a byte that is 0.
func (t *funcTable) cstring(in region, at uint64) (string, bool) {
	for size := uint64(128); size <= maxName; size *= 2 {
		b, err := t.read(in, at, size)
		if err != nil {
			return "", false
		}
		if n := bytes.IndexByte(b, 0); n >= 0 {
			return string(b[:n]), true
		}
	}
	return "", false
}

// calls are those that the instruction at pc is in, the innermost first: inlined ones, and
// last that of the function itself, whose name it does not know.
func (t *funcTable) calls(entry, pc uint64) (list []Place, ok bool) {
	f, err := t.info(pc)
	if err != nil || f.entry != entry {
		return nil, false
	}
	return t.callsIn(f, pc)
}

func (t *funcTable) callsIn(f funcInfo, pc uint64) (list []Place, ok bool) {
	for at := pc; len(list) < maxInlined; {
		p := Place{PC: pc}
		if p.File, p.Line, ok = t.lineIn(f, at); !ok {
			return nil, false
		}
		index, err := int32(-1), error(nil)
		if f.pcinline != 0 && f.inlined != 0 {
			if index, err = t.value(f, f.pcinline, at); err != nil {
				return nil, false
			}
		}
		if index < 0 {
			return append(list, p), true
		}
		call, err := t.read(region{f.inlined, 1 << 40}, uint64(index)*inlineSize, inlineSize)
		if err != nil || len(call) < inlineSize {
			return nil, false
		}
		if p.Function, ok = t.cstring(t.names, uint64(binary.LittleEndian.Uint32(call[4:]))); !ok {
			return nil, false
		}
		list = append(list, p)
		at = f.entry + uint64(binary.LittleEndian.Uint32(call[8:]))
	}
	return nil, false
}
