package insn

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Code reads the target's memory. Where the debugger has put breakpoints into
// the code it must return the original bytes.
type Code interface {
	// ReadMemory fills buf from addr and returns how many bytes it could read.
	ReadMemory(buf []byte, addr uint64) (int, error)
}

// Writer finds the x86-64 instruction whose access to the size watched bytes
// at addr was reported with the registers regs. entry and end are the bounds
// of the function that contains regs.PC; end is the first address behind it.
//
// It is the instruction that ends at regs.PC, unless the registers say that it
// did not access the watched bytes; then it is the repeated string instruction
// at regs.PC, if there is one in progress. A CALL is in another function: the
// error is then an [*AtEntry] with which the caller goes on to [CallBefore].
//
// Other errors: [*NoWriter] if no instruction fits, [*DecodeError] if the
// function cannot be decoded up to regs.PC.
//
// It reads the function from entry to regs.PC, a page at a time. Use a [Cache]
// for a place that is hit more than once.
func Writer(mem Code, entry, end uint64, regs *Regs, addr uint64, size int) (Store, error) {
	watched, err := newSpan(addr, size)
	if err != nil {
		return Store{}, err
	}
	var s site
	if err := s.find(mem, entry, end, regs.PC); err != nil {
		return Store{}, err
	}
	store, ret, err := s.judge(mem, make([]byte, 8), regs, watched)
	if err == nil && ret != 0 {
		err = &AtEntry{ReturnAddr: ret}
	}
	return store, err
}

func newSpan(addr uint64, size int) (span, error) {
	if size < 1 {
		return span{}, fmt.Errorf("watched size %d is not positive", size)
	}
	return span{addr, size}, nil
}

// CallBefore returns the CALL that ends at returnAddr. entry and end are the
// bounds of the function that contains returnAddr-1.
//
// The error is a [*DecodeError].
func CallBefore(mem Code, entry, end uint64, returnAddr uint64) (Store, error) {
	var s site
	if err := s.find(mem, entry, end, returnAddr); err != nil {
		return Store{}, err
	}
	if s.prev.len == 0 || !s.prev.isCall() {
		return Store{}, &DecodeError{Addr: returnAddr, Err: ErrNotCall}
	}
	store := s.prev.store(returnAddr - uint64(s.prev.len))
	store.Kind = Call
	return store, nil
}

// isCall reports whether the instruction is a near or far CALL.
func (in *inst) isCall() bool {
	if in.enc != legacy || in.opmap != mapOne {
		return false
	}
	return in.op == 0xE8 || in.op == 0xFF && (in.reg() == 2 || in.reg() == 3)
}

func (in *inst) store(pc uint64) Store {
	return Store{PC: pc, Len: int(in.len), Kind: in.effect().kind, in: *in}
}

// site is what the code says about a program counter, whatever the registers
// hold.
type site struct {
	prev inst  // ends at the program counter; length 0 at the function's entry
	rep  inst  // repeated string instruction at the program counter; otherwise length 0
	err  error // remembered by a Cache: why neither could be found
}

// find decodes the function from entry until an instruction ends at pc, and
// the one that follows.
func (s *site) find(mem Code, entry, end, pc uint64) error {
	if pc < entry || pc > end {
		return &DecodeError{Addr: pc, Err: ErrOutside}
	}
	code := window{mem: mem, end: end}
	for at := entry; at < pc; at += uint64(s.prev.len) {
		if err := code.decode(&s.prev, at); err != nil {
			return err
		}
		if at+uint64(s.prev.len) > pc {
			return &DecodeError{Addr: at, Err: ErrMisaligned}
		}
	}
	// What cannot be decoded behind pc has not been executed: no error.
	if pc == end || code.decode(&s.rep, pc) != nil || !s.rep.repeated() {
		s.rep = inst{}
	}
	return nil
}

// judge decides which instruction of the site accessed the watched bytes. If
// it was a CALL from elsewhere it returns the return address instead. scratch
// has room for eight bytes.
func (s *site) judge(mem Code, scratch []byte, regs *Regs, watched span) (Store, uint64, error) {
	near := false
	if s.rep.len > 0 {
		kind, lag, ok := s.rep.stringAccess(regs, watched)
		// RF in the saved flags says for certain that a trap came between two
		// iterations (Intel SDM volume 3B, section 19.3.1.1).
		if ok && regs.Flags&flagRF != 0 {
			store := s.rep.store(regs.PC)
			store.Kind = kind
			return store, 0, nil
		}
		near = ok && lag <= fastString
	}
	v, kind := no, Other
	if s.prev.len > 0 {
		v, kind = s.prev.touches(regs, regs.PC, watched)
	}
	if v != yes || kind == Load {
		ret, err := s.calledFrom(mem, scratch, regs, watched)
		if err != nil || ret != 0 {
			return Store{}, ret, err
		}
	}
	switch {
	case v == yes:
	case near:
		kind, _, _ = s.rep.stringAccess(regs, watched)
		store := s.rep.store(regs.PC)
		store.Kind = kind
		return store, 0, nil
	case v == no:
		return Store{}, 0, &NoWriter{PC: regs.PC}
	}
	store := s.prev.store(regs.PC - uint64(s.prev.len))
	store.Kind = kind
	return store, 0, nil
}

// calledFrom returns the return address if a CALL that led to regs.PC pushed
// it onto the watched bytes, otherwise 0. Functions are entered at their
// entry, but Go calls runtime.duffzero and duffcopy in the middle: there the
// return address must be behind a CALL of just this address.
func (s *site) calledFrom(mem Code, scratch []byte, regs *Regs, watched span) (uint64, error) {
	rsp := regs.GPR[regRSP]
	if !(span{rsp, 8}).overlaps(watched) {
		return 0, nil
	}
	word := scratch[:8]
	if err := readFull(mem, word, rsp); err != nil {
		return 0, fmt.Errorf("reading the return address: %w", err)
	}
	ret := binary.LittleEndian.Uint64(word)
	if s.prev.len == 0 {
		return ret, nil
	}
	call := scratch[:5]
	if readFull(mem, call, ret-5) != nil {
		return 0, nil // the word is no return address
	}
	target := ret + uint64(int64(int32(binary.LittleEndian.Uint32(call[1:]))))
	if call[0] == 0xE8 && target == regs.PC {
		return ret, nil
	}
	return 0, nil
}

var errShort = errors.New("memory ends")

// readFull fills buf from addr.
func readFull(mem Code, buf []byte, addr uint64) error {
	n, err := mem.ReadMemory(buf, addr)
	switch {
	case n >= len(buf):
		return nil
	case err == nil:
		err = errShort
	}
	return &DecodeError{Addr: addr + uint64(max(n, 0)), Err: err}
}
