package goroutine

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
)

// Status is a goroutine's, as in runtime/runtime2.go.
type Status uint32

// A runtime.g without a goroutine: one that is kept for the next, and one that is kept for
// a thread of C that calls into Go.
const (
	dead      Status = 6
	deadExtra Status = 11
)

// scanning is set besides while the garbage collector looks at the stack.
const scanning Status = 0x1000

// String says it as the runtime's own traceback does.
func (s Status) String() string {
	names := [...]string{"idle", "runnable", "running", "syscall", "waiting", "moribund", "dead", "enqueue", "copystack", "preempted", "leaked", "waiting for cgo callback"}
	if i := int(s &^ scanning); i < len(names) {
		return names[i]
	}
	return fmt.Sprintf("status %d", uint32(s))
}

func (s Status) dead() bool { s &^= scanning; return s == dead || s == deadExtra }

// Waiting reports whether it waits for something: whether WaitReason has a meaning.
func (s Status) Waiting() bool { s &^= scanning; return s == 4 || s == 10 }

// G is a goroutine as runtime.g describes it. If it runs on a thread PC and SP are of
// some time ago.
type G struct {
	Info
	Index      int    // in runtime.allgs
	Addr       uint64 // of the runtime.g; 0 if not even that could be read
	GoPC       uint64 // return address of the go statement that made it
	PC, SP, LR uint64 // where it goes on
	Status     Status
	WaitReason int   // index into runtime.waitReasonStrings
	WaitSince  int64 // ns of the runtime's clock; 0 if it has not been noted
	Labels     uint64
	Err        error // it could not be read: nothing but Index and Addr is valid
}

// maxGs bounds how many goroutines are believed in: what is beyond that is memory that
// is not what it seems. So many have 32 GiB of stacks at the least.
const maxGs = 1 << 24

// All reads all goroutines that are not dead, in the order of runtime.allgs. That is an
// array of n pointers at the address allgs.
func (r *Reader) All(mem Memory, bulk Bulk, allgs uint64, n int) ([]G, error) {
	if n < 0 || n > maxGs {
		return nil, fmt.Errorf("runtime.allglen is %d: the program has overwritten it, or has not begun", n)
	}
	table := make([]byte, 8*n)
	if _, err := mem.ReadMemory(table, allgs); err != nil {
		return nil, fmt.Errorf("read runtime.allgs: %w", err)
	}
	addrs := make([]uint64, n)
	order := make([]int32, n) // by address: neighbours are read together
	for i := range addrs {
		addrs[i], order[i] = binary.LittleEndian.Uint64(table[8*i:]), int32(i)
	}
	if !slices.IsSorted(addrs) {
		slices.SortFunc(order, func(a, b int32) int { return cmp.Compare(addrs[a], addrs[b]) })
	}
	list := make([]G, n)
	size := r.all.size
	const batch = 1024
	buf := make([]byte, min(n, batch)*size)
	pieces := make([]Piece, 0, min(n, batch))
	for from := 0; from < n; from += batch {
		pieces = pieces[:0]
		part := order[from:min(n, from+batch)]
		for _, i := range part {
			pieces = append(pieces, Piece{Addr: addrs[i], Buf: buf[len(pieces)*size:][:size]})
		}
		bulk.ReadPieces(pieces)
		for k, i := range part {
			list[i] = r.all.parse(&pieces[k], int(i))
		}
	}
	return slices.DeleteFunc(list, func(g G) bool { return g.Status.dead() }), nil
}

func (l *layout) parse(p *Piece, index int) G {
	g := G{Index: index, Addr: p.Addr}
	if p.Err != nil {
		g.Err = fmt.Errorf("read runtime.g: %w", p.Err)
		return g
	}
	b := p.Buf
	g.ID, g.StartPC, g.StackLo, g.StackHi = int64(l.goid.in(b)), l.startPC.in(b), l.lo.in(b), l.hi.in(b)
	g.GoPC, g.PC, g.SP, g.LR = l.goPC.in(b), l.pc.in(b), l.sp.in(b), l.lr.in(b)
	g.Status, g.WaitReason, g.WaitSince = Status(l.status.in(b)), int(l.waitReason.in(b)), int64(l.waitSince.in(b))
	g.Labels = l.labels.in(b)
	return g
}
