package insn

import (
	"errors"
	"fmt"
)

var (
	// ErrOutside says that the program counter is not in the function.
	ErrOutside = errors.New("address is outside the function's bounds")
	// ErrMisaligned says that an instruction runs across the address where
	// one should end: the bounds are wrong, or there is data in the code.
	ErrMisaligned = errors.New("instruction runs across the address it should end at")
	// ErrNotCall says that no CALL ends at the return address.
	ErrNotCall = errors.New("the instruction before the return address is no CALL")
)

// DecodeError says that a function could not be decoded up to the address
// wanted. Err is [ErrInvalid], [ErrTruncated], [ErrOutside], [ErrMisaligned],
// [ErrNotCall] or what [Code] returned.
type DecodeError struct {
	Addr uint64 // of the instruction, or of the memory that could not be read
	Err  error
}

func (e *DecodeError) Error() string { return fmt.Sprintf("decoding at %#x: %v", e.Addr, e.Err) }
func (e *DecodeError) Unwrap() error { return e.Err }

// AtEntry says that a CALL wrote: its return address lies on the watched
// bytes. The caller looks up the function that contains ReturnAddr-1 (a CALL
// may be a function's last instruction) and passes it to [CallBefore].
type AtEntry struct {
	ReturnAddr uint64
}

func (e *AtEntry) Error() string {
	return fmt.Sprintf("written by the call that returns to %#x", e.ReturnAddr)
}

// NoWriter says that the registers contradict every instruction that could
// have brought the program counter to PC: something else wrote (the kernel, or
// the function was entered by a jump after the write).
type NoWriter struct {
	PC uint64
}

func (e *NoWriter) Error() string {
	return fmt.Sprintf("no instruction before %#x accessed the watched bytes", e.PC)
}

// lasting reports whether an error comes from the code itself, and not from
// memory that could not be read this time.
func lasting(err error) bool {
	return errors.Is(err, ErrInvalid) || errors.Is(err, ErrMisaligned) || errors.Is(err, ErrTruncated)
}
