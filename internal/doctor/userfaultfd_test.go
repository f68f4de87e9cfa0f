package doctor

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"
)

// TestUserfaultfdFeatures: user-mode-only ones are permitted to everybody, and
// x86-64 has had all features since Linux 6.7.
func TestUserfaultfdFeatures(t *testing.T) {
	h := thisHost()
	o := attemptUserfaultfd()
	if h.filtered() && denied(o.user) {
		t.Skip("a seccomp filter forbids userfaultfd")
	}
	if errors.Is(o.user, unix.ENOSYS) {
		t.Skip("the kernel has no userfaultfd")
	}
	if o.user != nil || o.api != nil {
		t.Fatalf("got %+v", o)
	}
	if lacking, since := lackingFeatures(o.features); h.arch == "amd64" && h.since(6, 7) && len(lacking) > 0 {
		t.Errorf("features %#x on Linux %s: without %q, until %s", o.features, h.release, lacking, since)
	}
}
