package perf

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/hwbp"
)

// TestAttrBits: each option is one or two bits, and no option more.
func TestAttrBits(t *testing.T) {
	const plain = unix.PerfBitExcludeKernel | unix.PerfBitExcludeHv
	for _, c := range []struct {
		o    Options
		bits uint64
	}{
		{Options{}, plain},
		{Options{Kernel: true}, unix.PerfBitExcludeHv},
		{Options{Sigtrap: true}, plain | 1<<37},
		{Options{Disabled: true}, plain | 1},
		{Options{Inherit: true}, plain | 1<<1 | 1<<35},
	} {
		a := newAttr(c.o)
		if a.Bits != c.bits || a.Sample != 1 || a.Type != unix.PERF_TYPE_BREAKPOINT {
			t.Errorf("%+v gives %+v", c.o, a)
		}
	}
}

func TestSetPoint(t *testing.T) {
	for access, kind := range map[hwbp.Access]uint32{hwbp.Read: 1, hwbp.Write: 2, hwbp.ReadWrite: 3, hwbp.Execute: 4} {
		a := newAttr(Options{SigData: 3})
		setPoint(a, hwbp.Point{Addr: 0x1000, Len: 2, Access: access})
		length := uint64(2)
		if access == hwbp.Execute {
			length = execLen
		}
		if a.Bp_type != kind || a.Ext1 != 0x1000 || a.Ext2 != length || a.Sig_data != 3 {
			t.Errorf("%v gives %+v", access, a)
		}
	}
}

// TestCheck: what no slot can hold does not get to the kernel.
func TestCheck(t *testing.T) {
	good := hwbp.Point{Addr: 0x1000, Len: 8, Access: hwbp.Write}
	if err := check(good); err != nil {
		t.Error(err)
	}
	kernel, long, none := good, good, good
	kernel.Addr = 0xffffffff81000000
	long.Len = 9
	none.Access = 0
	var address *AddressError
	if err := check(kernel); !errors.As(err, &address) || address.Addr != kernel.Addr {
		t.Errorf("got %v", err)
	}
	var point *hwbp.PointError
	if _, err := Open(0, long, Options{}); !errors.As(err, &point) {
		t.Errorf("got %v", err)
	}
	var access *hwbp.AccessError
	if _, err := Open(0, none, Options{}); !errors.As(err, &access) {
		t.Errorf("got %v", err)
	}
}
