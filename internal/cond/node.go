package cond

import (
	"fmt"
	"go/constant"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
)

// node is a part of an expression that has been checked: an instruction, and where its
// operands come from.
type node struct {
	instr
	kids []*node
	text string // of opText
}

func constant64(n int64) *node { return &node{instr: instr{op: opConst, imm: n}} }

// place is where a value is that has not been loaded.
type place struct {
	addr  *node // memory: what computes the address; nil: it is in parts
	parts []part
	off   int64
}

// moved is the place n bytes on.
func (p place) moved(n int64) place {
	p.off += n
	return p
}

// address is what computes the address of a place in memory.
func (p place) address() (*node, bool) {
	if p.addr == nil && len(p.parts) == 1 && p.parts[0].where == inFrame {
		return &node{instr: instr{op: opFrame, imm: p.parts[0].at + p.off}}, true
	}
	switch {
	case p.addr == nil:
		return nil, false
	case p.off == 0:
		return p.addr, true
	case p.addr.op == opConst, p.addr.op == opFrame:
		moved := *p.addr
		moved.imm += p.off
		return &moved, true
	}
	return &node{instr: instr{op: opOffset, imm: p.off}, kids: []*node{p.addr}}, true
}

// load is what reads a number of size bytes at an offset.
func (p place) load(off, size int64, signed bool) (*node, error) {
	off += p.off
	i := instr{op: opLoad, size: uint8(size), signed: signed, imm: off}
	if p.addr != nil {
		return &node{instr: i, kids: []*node{p.addr}}, nil
	}
	from := int64(0)
	for _, q := range p.parts {
		if off < from || off+size > from+q.size {
			from += q.size
			continue
		}
		i.imm = off - from
		switch q.where {
		case inFrame:
			i.imm = 0
			return &node{instr: i, kids: []*node{{instr: instr{op: opFrame, imm: q.at + off - from}}}}, nil
		case inRegister:
			if q.at >= int64(len(Registers{})) || q.at >= numRegisters {
				return nil, fmt.Errorf("it is in a floating-point register")
			}
			i.op, i.imm = opReg, q.at|8*(off-from)<<8
			return &node{instr: i}, nil
		case inOld:
			i.op = opOld
			return &node{instr: i}, nil
		case inNew:
			i.op = opNew
			return &node{instr: i}, nil
		}
		break
	}
	return nil, fmt.Errorf("a part of it has been optimized away")
}

// pair is what reads two words, as those of a string.
func (p place) pair() ([]*node, error) {
	if p.addr != nil {
		return []*node{{instr: instr{op: opPair, imm: p.off}, kids: []*node{p.addr}}}, nil
	}
	first, err := p.load(0, 8, false)
	if err != nil {
		return nil, err
	}
	second, err := p.load(8, 8, false)
	return []*node{first, second}, err
}

// kind is what a value is at run time.
type kind uint8

const (
	kindOther  kind = iota // nothing can be done with it
	kindBool               // a word
	kindInt                // a word
	kindUint               // a word
	kindFloat              // a word
	kindString             // two words
	kindPtr                // a word
	kindWord               // maps, channels and functions: a word that can be nil
	kindFace               // of an interface the first word: it is 0 if that is nil
	kindSlice
	kindArray
	kindStruct
	kindNil
)

// value is what a part of an expression denotes.
type value struct {
	typ   godwarf.Type // nil: it has none yet, as a constant or what len gives
	kind  kind
	con   constant.Value // of constants
	nodes []*node        // what computes it; nil if it has not been loaded
	at    *place         // where it is, if it is somewhere
}

// kindOf is the kind of the values of a type.
func kindOf(t godwarf.Type) kind {
	switch t := godwarf.ResolveTypedef(t).(type) {
	case *godwarf.BoolType:
		return kindBool
	case *godwarf.IntType, *godwarf.CharType:
		return kindInt
	case *godwarf.UintType:
		return kindUint
	case *godwarf.FloatType:
		return kindFloat
	case *godwarf.StringType:
		return kindString
	case *godwarf.PtrType:
		if _, void := t.Type.(*godwarf.VoidType); void {
			return kindOther
		}
		return kindPtr
	case *godwarf.MapType, *godwarf.ChanType, *godwarf.FuncType:
		return kindWord
	case *godwarf.InterfaceType:
		return kindFace
	case *godwarf.SliceType:
		return kindSlice
	case *godwarf.ArrayType:
		return kindArray
	case *godwarf.StructType:
		return kindStruct
	}
	return kindOther
}

// loaded reads a value that has been found only.
func (v value) loaded() (value, error) {
	if v.nodes != nil || v.at == nil {
		return v, nil
	}
	if v.kind == kindString {
		var err error
		v.nodes, err = v.at.pair()
		return v, err
	}
	size := v.typ.Size()
	switch v.kind {
	case kindBool, kindInt, kindUint:
	case kindFloat:
		if size != 4 && size != 8 {
			return v, fmt.Errorf("a float of %d bytes", size)
		}
	case kindPtr, kindWord, kindFace, kindSlice:
		size = 8
	default:
		return v, fmt.Errorf("a %s cannot be compared in a compiled condition", v.typ)
	}
	switch size {
	case 1, 2, 4, 8:
	default:
		return v, fmt.Errorf("a number of %d bytes", size)
	}
	n, err := v.at.load(0, size, v.kind == kindInt)
	if err != nil {
		return v, err
	}
	if v.kind == kindFloat {
		n = &node{instr: instr{op: opDouble, size: uint8(size)}, kids: []*node{n}}
	}
	if v.kind == kindBool { // every bit pattern but 0 is true for Delve
		n = &node{instr: instr{op: opNotEqual}, kids: []*node{n, constant64(0)}}
	}
	v.nodes = []*node{n}
	return v, nil
}
