package doctor

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"
)

// TestLoadProgram: whoever may load BPF programs can load this one, and nobody else.
func TestLoadProgram(t *testing.T) {
	h := thisHost()
	err := loadProgram()
	switch may := h.capable(unix.CAP_BPF) && h.capable(unix.CAP_PERFMON); {
	case errors.Is(err, unix.ENOSYS):
		t.Skip("the kernel has no BPF")
	case !may && !denied(err):
		t.Errorf("got %v without the capabilities", err)
	case may && err != nil && !h.filtered():
		t.Errorf("got %v with the capabilities", err)
	}
}
