package heap

// roundPage is how much is read at a time: no page of memory is partly there.
const roundPage = 4 << 10

// Round is memory that does not change meanwhile, each page of which is read once: what
// the runtime has of objects lies side by side. The end of a marking is one round of
// [Heap.Fate], however many objects there are.
type Round struct {
	mem   Memory
	pages map[uint64]*[roundPage]byte
}

// NewRound begins a round.
func NewRound(mem Memory) *Round {
	return &Round{mem, map[uint64]*[roundPage]byte{}}
}

// ReadMemory reads memory as it was when its pages were first asked for.
func (r *Round) ReadMemory(buf []byte, addr uint64) (n int, err error) {
	for n < len(buf) {
		at := addr + uint64(n)
		p := r.pages[at/roundPage]
		if p == nil {
			p = new([roundPage]byte)
			if _, err := r.mem.ReadMemory(p[:], at-at%roundPage); err != nil {
				return n, err
			}
			r.pages[at/roundPage] = p
		}
		n += copy(buf[n:], p[at%roundPage:])
	}
	return n, nil
}
