package goroutine

import "golang.org/x/sys/unix"

// Piece is some memory that is wanted.
type Piece struct {
	Addr uint64
	Buf  []byte // is filled
	Err  error  // why Buf is not filled
}

// Bulk reads many pieces of memory at once.
type Bulk interface {
	ReadPieces(pieces []Piece)
}

// OneByOne is Bulk for memory that has no better way.
type OneByOne struct{ Memory }

// ReadPieces fills the pieces.
func (m OneByOne) ReadPieces(pieces []Piece) {
	for i := range pieces {
		_, pieces[i].Err = m.ReadMemory(pieces[i].Buf, pieces[i].Addr)
	}
}

// Process is the memory of a process, read by process_vm_readv(2): some hundred pieces
// with one system call. What costs most there is each place in the other process: pieces
// that follow closely on one another are one.
type Process struct {
	Memory     // reads what that cannot
	PID    int // the caller traces it
}

const (
	// maxPieces is what process_vm_readv takes: UIO_MAXIOV of include/uapi/linux/uio.h.
	maxPieces = 1024
	// maxGap is how many bytes between two pieces are read with them.
	maxGap = 128
)

// ReadPieces fills the pieces. They are best in order of their addresses.
func (m Process) ReadPieces(pieces []Piece) {
	var v vectors
	for len(pieces) > 0 {
		n := v.fill(pieces)
		got, err := 0, error(nil)
		if n > 0 {
			got, err = unix.ProcessVMReadv(m.PID, v.local, v.remote, 0)
		}
		if err != nil && err != unix.EFAULT { // not permitted, or the process's first thread has ended
			OneByOne{m.Memory}.ReadPieces(pieces)
			return
		}
		done := 0
		for ; done < n && got >= v.ends[done]; done++ {
			pieces[done].Err = nil
		}
		pieces = pieces[done:]
		if done == 0 { // the kernel stops at what it cannot read
			OneByOne{m.Memory}.ReadPieces(pieces[:1])
			pieces = pieces[1:]
		}
	}
}

// vectors are arguments of process_vm_readv.
type vectors struct {
	local  []unix.Iovec
	remote []unix.RemoteIovec
	ends   []int // of each piece in the bytes that are read
	gap    [maxGap]byte
}

// fill makes them of as many of the first pieces as fit.
func (v *vectors) fill(pieces []Piece) int {
	v.local, v.remote, v.ends = v.local[:0], v.remote[:0], v.ends[:0]
	total := 0
	add := func(b []byte) {
		iov := unix.Iovec{Base: &b[0]}
		iov.SetLen(len(b))
		v.local = append(v.local, iov)
		total += len(b)
	}
	end := uint64(0) // of the last piece, in the other process
	for i := range pieces {
		p := &pieces[i]
		if len(p.Buf) == 0 || len(v.local)+2 > maxPieces {
			break // the kernel has no place for it
		}
		switch last := len(v.remote) - 1; {
		case last < 0 || p.Addr < end || p.Addr-end > maxGap:
			v.remote = append(v.remote, unix.RemoteIovec{Base: uintptr(p.Addr)})
		case p.Addr > end:
			between := v.gap[:p.Addr-end]
			add(between)
			v.remote[last].Len += len(between)
		}
		add(p.Buf)
		v.remote[len(v.remote)-1].Len += len(p.Buf)
		v.ends = append(v.ends, total)
		end = p.Addr + uint64(len(p.Buf))
	}
	return len(v.ends)
}
