package bpfhit

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/cilium/ebpf/btf"
	"golang.org/x/sys/unix"
)

// TestTaskField: fields are found by their names, nested ones too; others are not there.
func TestTaskField(t *testing.T) {
	if _, err := btf.LoadKernelSpec(); err != nil {
		t.Skip(err)
	}
	for _, c := range []struct {
		path []string
		none bool
	}{
		{path: []string{"blocked"}},
		{path: []string{"thread", "sp"}},
		{path: []string{"pid", "sp"}, none: true},
		{path: []string{"no_such_field"}, none: true},
	} {
		if at := TaskField(c.path...); at < 0 != c.none {
			t.Errorf("%v is at %d", c.path, at)
		}
	}
	if thread, sp := TaskField("thread"), TaskField("thread", "sp"); sp < thread || sp > thread+8192 {
		t.Errorf("thread is at %d and thread.sp at %d", thread, sp)
	}
}

func TestOwnNamespace(t *testing.T) {
	n, err := OwnNamespace()
	if err != nil || n.inode == 0 {
		t.Errorf("%+v, %v", n, err)
	}
	if _, err := os.Readlink("/proc/self/ns/pid"); err != nil {
		t.Error(err)
	}
}

// TestExplain: errors say what they are about, and what can be done.
func TestExplain(t *testing.T) {
	var denied *PermissionError
	var lacking *UnsupportedError
	if err := Explain("traces", "5.12", unix.EPERM); !errors.As(err, &denied) || !strings.HasPrefix(err.Error(), "traces need a BPF program") {
		t.Errorf("got %v", err)
	}
	if err := Explain("traces", "5.12", unix.EINVAL); !errors.As(err, &lacking) || !strings.Contains(err.Error(), "Linux 5.12") {
		t.Errorf("got %v", err)
	}
	if err := Explain("traces", "5.12", unix.ENOMEM); !errors.Is(err, unix.ENOMEM) || errors.As(err, &denied) || errors.As(err, &lacking) {
		t.Errorf("got %v", err)
	}
}
