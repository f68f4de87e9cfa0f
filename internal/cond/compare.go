package cond

import (
	"bytes"
	"cmp"
	"go/token"
)

// compare is one of the six comparisons, in the order of their instructions.
type compare uint8

const (
	equal compare = iota
	notEqual
	less
	lessEqual
	greater
	greaterEqual
)

var comparisons = map[token.Token]compare{
	token.EQL: equal, token.NEQ: notEqual, token.LSS: less, token.LEQ: lessEqual, token.GTR: greater, token.GEQ: greaterEqual,
}

// turned is the comparison with its operands in the other order.
func (c compare) turned() compare {
	switch c {
	case less:
		return greater
	case lessEqual:
		return greaterEqual
	case greater:
		return less
	case greaterEqual:
		return lessEqual
	}
	return c
}

// holds reports whether it is true of operands that compare as order says.
func (c compare) holds(order int) bool {
	switch c {
	case equal:
		return order == 0
	case notEqual:
		return order != 0
	case less:
		return order < 0
	case lessEqual:
		return order <= 0
	case greater:
		return order > 0
	}
	return order >= 0
}

func order[T cmp.Ordered](x, y T) int { return cmp.Compare(x, y) }

// ownText in place of a string's length says that it is one of the program's own.
const ownText = 1<<64 - 1

// maxText is the length above which Delve compares no strings.
const maxText = 1 << 20

// text is a string of the program's own, or of the target's.
type text struct {
	own  string
	addr uint64
	len  uint64
}

func (p *Program) textAt(words []uint64) text {
	// A string of the target's of length -1 is broken, and compares with nothing.
	if words[1] == ownText && words[0] < uint64(len(p.texts)) {
		s := p.texts[words[0]]
		return text{own: s, len: uint64(len(s))}
	}
	return text{addr: words[0], len: words[1]}
}

// part returns a part of a string.
func (p *Program) part(t *text, buf []byte, from uint64) ([]byte, Fault) {
	buf = buf[:min(uint64(len(buf)), t.len-from)]
	if t.own != "" {
		return buf[:copy(buf, t.own[from:])], 0
	}
	return buf, p.read(buf, t.addr+from)
}

// compareTexts compares the strings in four words.
func (p *Program) compareTexts(c compare, words []uint64) (int, Fault) {
	x, y := p.textAt(words[:2]), p.textAt(words[2:])
	if int64(x.len) < 0 || int64(y.len) < 0 {
		return 0, FaultText
	}
	if x.len != y.len && c <= notEqual {
		return 1, 0
	}
	if x.len > maxText || y.len > maxText {
		return 0, FaultText
	}
	for at := uint64(0); at < x.len && at < y.len; at += uint64(len(p.text[0])) {
		a, fault := p.part(&x, p.text[0][:], at)
		if fault != 0 {
			return 0, fault
		}
		b, fault := p.part(&y, p.text[1][:], at)
		if fault != 0 {
			return 0, fault
		}
		n := min(len(a), len(b))
		if order := bytes.Compare(a[:n], b[:n]); order != 0 {
			return order, 0
		}
	}
	return order(x.len, y.len), 0
}
