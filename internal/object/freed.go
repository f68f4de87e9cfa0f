package object

import "errors"

// errFreed is in links to memory that has been let go.
var errFreed = errors.New("what it led to has been freed")

const freedText = "<freed>"

// Freed lets go of what lies in memory of which gone says so: a variable that is not used
// any more keeps nothing alive, though its words still lead there. It is taken up again
// when these words are written, be it with the same values. gone is asked for the first
// byte of each piece; the variable itself is not asked for. The ranges are to be watched no
// longer.
func (o *Object) Freed(gone func(addr uint64) bool) (remove []Range) {
	dead := map[*block]bool{}
	for _, b := range o.blocks {
		whole := b // a map or channel goes with any of its parts
		switch {
		case b.m != nil:
			whole = b.m.head
		case b.c != nil:
			whole = b.c.head
		}
		if whole != o.root && !dead[whole] && gone(b.addr) {
			dead[whole] = true
		}
	}
	if len(dead) == 0 {
		return nil
	}
	for _, b := range o.blocks {
		for _, l := range b.links {
			if dead[l.to] {
				l.to.lose(l)
				l.to, l.err = nil, errFreed
			}
		}
	}
	for b := range dead {
		o.drop(b)
	}
	o.sweep()
	_, remove = o.net()
	return remove
}

// forget has the links of the variable that were freed in was be so here, if their words
// are the same.
func (o *Object) forget(was *Object) {
	for _, l := range was.root.links {
		if l.err != errFreed {
			continue
		}
		if here := o.root.linkAt(l.off); here != nil && string(here.header()) == string(l.header()) {
			o.unlink(here)
			here.err = errFreed
		}
	}
	o.sweep()
}

// Compare is [Object.Changed] for ranges of which nobody knows that they were written.
func (o *Object) Compare(ranges ...Range) Update {
	o.unwritten = true
	defer func() { o.unwritten = false }()
	return o.Changed(ranges...)
}
