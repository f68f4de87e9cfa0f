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

// Process is the memory of a process, read by process_vm_readv(2): one system call for
// up to 1024 pieces.
type Process struct {
	Memory     // reads what that cannot
	PID    int // the caller traces it
}

// maxPieces is what process_vm_readv takes: UIO_MAXIOV of include/uapi/linux/uio.h.
const maxPieces = 1024

// ReadPieces fills the pieces.
func (m Process) ReadPieces(pieces []Piece) {
	local := make([]unix.Iovec, 0, min(len(pieces), maxPieces))
	remote := make([]unix.RemoteIovec, 0, cap(local))
	for len(pieces) > 0 {
		local, remote = local[:0], remote[:0]
		for i := range pieces[:min(len(pieces), maxPieces)] {
			p := &pieces[i]
			if len(p.Buf) == 0 {
				break // the kernel has no place for it
			}
			iov := unix.Iovec{Base: &p.Buf[0]}
			iov.SetLen(len(p.Buf))
			local = append(local, iov)
			remote = append(remote, unix.RemoteIovec{Base: uintptr(p.Addr), Len: len(p.Buf)})
		}
		got, err := 0, error(nil)
		if len(local) > 0 {
			got, err = unix.ProcessVMReadv(m.PID, local, remote, 0)
		}
		if err != nil && err != unix.EFAULT { // not permitted, or the process's first thread has ended
			OneByOne{m.Memory}.ReadPieces(pieces)
			return
		}
		done := 0
		for ; done < len(local) && got >= len(pieces[done].Buf); done++ {
			got -= len(pieces[done].Buf)
			pieces[done].Err = nil
		}
		pieces = pieces[done:]
		if done == 0 { // the kernel stops at what it cannot read
			OneByOne{m.Memory}.ReadPieces(pieces[:1])
			pieces = pieces[1:]
		}
	}
}
