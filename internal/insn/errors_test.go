package insn

import (
	"errors"
	"testing"
)

func TestErrorTexts(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{&DecodeError{Addr: 0x10, Err: ErrInvalid}, "decoding at 0x10: not an instruction in 64-bit mode"},
		{&AtEntry{ReturnAddr: 0x20}, "written by the call that returns to 0x20"},
		{&NoWriter{PC: 0x30}, "no instruction before 0x30 accessed the watched bytes"},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	if !errors.Is(&DecodeError{Err: errUnmapped}, errUnmapped) {
		t.Error("a DecodeError hides its cause")
	}
}

// TestReturnAddressUnreadable has the stack pointer on the watched bytes and
// no memory there.
func TestReturnAddressUnreadable(t *testing.T) {
	mem := memory{entry: code(t, "55 C3")}
	if _, err := Writer(mem, entry, entry+2, regsOf(entry, gpr{rsp: watched}, 0), watched, 8); !errors.Is(err, errUnmapped) {
		t.Error(err)
	}
}

// silent returns fewer bytes than asked for, and no error.
type silent struct{}

func (silent) ReadMemory([]byte, uint64) (int, error) { return 0, nil }

func TestShortReads(t *testing.T) {
	if _, err := Writer(silent{}, entry, entry+2, regsOf(entry+1, nil, 0), watched, 8); !errors.Is(err, errShort) {
		t.Error(err)
	}
	if _, err := Writer(silent{}, entry, entry+2, regsOf(entry, gpr{rsp: watched}, 0), watched, 8); !errors.Is(err, errShort) {
		t.Error(err)
	}
}
