package doctor

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/kstop"
)

// TestBPF: whoever may load BPF programs can load ours, and nobody else.
func TestBPF(t *testing.T) {
	h := thisHost()
	err := kstop.Probe()
	var lacking *kstop.UnsupportedError
	switch may := h.capable(unix.CAP_BPF) && h.capable(unix.CAP_PERFMON); {
	case errors.As(err, &lacking) && lacking.Err == nil:
		t.Skip(err)
	case errors.Is(err, unix.ENOSYS):
		t.Skip("the kernel has no BPF")
	case !may && !denied(err):
		t.Errorf("got %v without the capabilities", err)
	case may && err != nil && !h.filtered():
		t.Errorf("got %v with the capabilities", err)
	}
}
