package cond

import (
	"cmp"
	"errors"
	"slices"
)

// emit writes the program of a condition.
func (p *Program) emit(n *node) error {
	m := emitter{p: p, windows: map[*node]int64{}}
	m.share(n)
	depth, err := m.node(n, 0)
	if err == nil && depth != 1 {
		err = errors.New("internal error: the program leaves no single word")
	}
	return err
}

type emitter struct {
	p       *Program
	windows map[*node]int64 // of what is read from one, which and where in it
}

// node writes what computes n, with so many words on the stack, and returns how many are
// there then.
func (m *emitter) node(n *node, depth int) (int, error) {
	p := m.p
	var err error
	if n.op == opJumpFalse || n.op == opJumpTrue {
		if depth, err = m.node(n.kids[0], depth); err != nil {
			return depth, err
		}
		jump := len(p.code)
		p.code = append(p.code, n.instr)
		depth, err = m.node(n.kids[1], depth-1)
		p.code[jump].imm = int64(len(p.code))
		return depth, err
	}
	if at, ok := m.windows[n]; ok {
		i := instr{op: opWindow, size: n.size, signed: n.signed, imm: at}
		if n.op == opPair {
			i.size = 8
			p.code = append(p.code, i)
			i.imm += 8
			depth++
		}
		p.code = append(p.code, i)
		return check(depth + 1)
	}
	for _, kid := range n.kids {
		if depth, err = m.node(kid, depth); err != nil {
			return depth, err
		}
	}
	i := n.instr
	if i.op == opText {
		i.imm = int64(len(p.texts))
		p.texts = append(p.texts, n.text)
	}
	p.code = append(p.code, i)
	takes, leaves := i.op.stack()
	return check(depth - takes + leaves)
}

func check(depth int) (int, error) {
	if depth > maxStack {
		return depth, errors.New("is nested too deeply")
	}
	return depth, nil
}

// fixed is something that is read from an address known before anything is computed.
type fixed struct {
	n     *node
	frame bool
	from  int64
	size  int64
}

// share puts what lies close together into windows.
func (m *emitter) share(n *node) {
	list := collect(nil, n)
	slices.SortFunc(list, func(a, b fixed) int {
		if a.frame != b.frame {
			if a.frame {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.size, b.size))
	})
	p, used := m.p, 0
	var w *window
	for _, f := range list {
		end := f.from + f.size
		if w == nil || w.frame != f.frame || f.from > w.from+int64(w.size)+maxApart || end-w.from > maxWindow {
			if w != nil {
				used = w.at + w.size
			}
			if len(p.windows) == maxWindows || used+maxWindow > room {
				return // the rest is read by itself
			}
			p.windows = append(p.windows, window{frame: f.frame, from: f.from, at: used})
			w = &p.windows[len(p.windows)-1]
		}
		w.size = max(w.size, int(end-w.from))
		m.windows[f.n] = int64(len(p.windows)-1)<<32 | (f.from - w.from)
	}
}

// collect lists what is read from fixed addresses.
func collect(list []fixed, n *node) []fixed {
	if size := int64(n.size); n.op == opLoad || n.op == opPair {
		if n.op == opPair {
			size = 16
		}
		if kid := n.kids[0]; kid.op == opConst && kid.imm != 0 || kid.op == opFrame {
			return append(list, fixed{n: n, frame: kid.op == opFrame, from: kid.imm + n.imm, size: size})
		}
	}
	for _, kid := range n.kids {
		list = collect(list, kid)
	}
	return list
}
