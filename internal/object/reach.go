package object

// gain and lose count a link that leads to b.
func (b *block) gain(l *link) {
	b.refs++
	if b.from == nil {
		b.from = l
	}
}

func (b *block) lose(l *link) {
	b.refs--
	if b.from == l {
		b.from = nil
	}
}

// unlink ends what a link leads to, and drops the block if nothing else leads there.
func (o *Object) unlink(l *link) {
	b := l.to
	if b == nil {
		return
	}
	l.to = nil
	b.lose(l)
	o.lost(b)
}

// lost looks after a block that has one link less.
func (o *Object) lost(b *block) {
	switch {
	case b == o.root:
	case b.refs == 0:
		o.drop(b)
	case b.role != someText: // it may be that only b itself leads there
		o.stale = true
	}
}

// drop takes a block out of the object, with all that only it led to.
func (o *Object) drop(b *block) {
	work := []*block{b}
	for len(work) > 0 {
		b := work[len(work)-1]
		work = work[:len(work)-1]
		if b.dead {
			continue
		}
		o.bury(b)
		work = append(work, b.parts()...)
		for _, l := range b.links {
			to := l.to
			if to == nil || to.dead {
				continue
			}
			to.lose(l)
			if to.refs == 0 && to != o.root {
				work = append(work, to)
			} else if to.role != someText {
				o.stale = true
			}
		}
	}
}

func (o *Object) bury(b *block) {
	b.dead = true
	o.bytes -= b.size()
	delete(o.blocks, b.key)
	o.index.remove(b)
	o.disarm(b)
}

// parts are the blocks that belong to a map's or a channel's head.
func (b *block) parts() []*block {
	switch b.role {
	case mapHead:
		return b.m.parts
	case chanHead:
		if b.c.buf != nil {
			return []*block{b.c.buf}
		}
	}
	return nil
}

// sweep drops the blocks that only lead to each other, and lets every other one be named
// by the shortest way to it.
func (o *Object) sweep() {
	if !o.stale {
		return
	}
	o.stale = false
	for _, b := range o.blocks {
		b.from, b.refs = nil, 0
	}
	o.marks++
	for hops, near := 0, []*block{o.root}; len(near) > 0; hops++ {
		near = o.markFrom(near, hops)
	}
	for _, b := range o.blocks {
		if b.mark != o.marks {
			o.bury(b)
		}
	}
}

// markFrom marks what is hops pointers away, and returns what is one more away. Links
// that are too far from the variable now to be followed lead nowhere.
func (o *Object) markFrom(queue []*block, hops int) (next []*block) {
	for len(queue) > 0 {
		b := queue[0]
		queue = queue[1:]
		if b.mark == o.marks {
			continue
		}
		b.mark, b.hops = o.marks, hops
		queue = append(queue, b.parts()...)
		for _, l := range b.links {
			d := l.distance()
			switch {
			case l.to == nil:
			case d > 0 && o.opt.Follow >= 0 && hops >= o.opt.Follow:
				l.to = nil
			default:
				l.to.gain(l)
				if d == 0 {
					queue = append(queue, l.to)
				} else {
					next = append(next, l.to)
				}
			}
		}
	}
	return next
}

// namer returns a link that leads to a block, nil if there is none.
func (o *Object) namer(b *block) *link {
	if b.from != nil || b.refs == 0 {
		return b.from
	}
	for _, other := range o.blocks {
		for _, l := range other.links {
			if l.to == b && (b.from == nil || other.seq < b.from.in.seq) {
				b.from = l
			}
		}
	}
	return b.from
}
