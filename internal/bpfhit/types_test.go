package bpfhit

import (
	"bytes"
	"fmt"
	"os"
	"testing"

	"github.com/cilium/ebpf/btf"
	"golang.org/x/sys/unix"
)

// TestFields: all fields of a thread's description are where the library finds them.
func TestFields(t *testing.T) {
	spec, err := btf.LoadKernelSpec()
	if err != nil {
		t.Skip(err)
	}
	own, release, err := kernelTypes()
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	for _, name := range []string{"task_struct", "thread_struct", "perf_event"} {
		var s *btf.Struct
		if err := spec.TypeByName(name, &s); err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, m := range s.Members {
			if m.Name == "" {
				continue
			}
			n++
			if at, want := own.field(name, []string{m.Name}), int(m.Offset.Bytes()); at != want {
				t.Errorf("%s.%s is at %d, want %d", name, m.Name, at, want)
			}
			inner, ok := btf.UnderlyingType(m.Type).(*btf.Struct)
			if !ok || len(inner.Members) == 0 || inner.Members[0].Name == "" {
				continue
			}
			if at, want := own.field(name, []string{m.Name, inner.Members[0].Name}), int(m.Offset.Bytes()+inner.Members[0].Offset.Bytes()); at != want {
				t.Errorf("%s.%s.%s is at %d, want %d", name, m.Name, inner.Members[0].Name, at, want)
			}
		}
		if n < 5 {
			t.Errorf("%s has %d members", name, n)
		}
	}
	for _, path := range [][]string{{"pid", "sp"}, {"no_such_field"}, {"thread", "no_such_field"}} {
		if at := own.field("task_struct", path); at >= 0 {
			t.Errorf("%v is at %d", path, at)
		}
	}
	if at := own.field("no_such_struct", []string{"pid"}); at >= 0 {
		t.Error(at)
	}
}

// FuzzTypes: whatever the file says, nothing breaks.
func FuzzTypes(f *testing.F) {
	if b, err := os.ReadFile("/sys/kernel/btf/vmlinux"); err == nil {
		f.Add(b[:min(len(b), 1<<12)])
	}
	f.Add([]byte{0x9f, 0xeb, 1, 0, 24, 0, 0, 0, 0, 0, 0, 0, 24, 0, 0, 0, 24, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 4, 8, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 'a', 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if own, err := parseTypes(b); err == nil {
			own.field("a", []string{"a", "a"})
		}
	})
}

func BenchmarkTaskField(b *testing.B) {
	for b.Loop() {
		fields.Clear()
		TaskField("blocked")
	}
}

// TestMapped: what is mapped is what is read; where nothing can be mapped that is said, and
// the file is read.
func TestMapped(t *testing.T) {
	read, err := os.ReadFile(typesFile)
	if err != nil {
		t.Skip(err)
	}
	if b, release, err := mapped(typesFile); err == nil {
		if !bytes.Equal(b, read) {
			t.Errorf("%d bytes are mapped, and not the %d that are read", len(b), len(read))
		}
		release()
	} else if kernelAtLeast(t, 6, 16) {
		t.Error(err)
	}
	for _, path := range []string{"/proc/self/status", "/nowhere"} {
		if _, _, err := mapped(path); err == nil {
			t.Errorf("%s is mapped", path)
		}
	}
}

// kernelAtLeast reports whether the kernel is of a version or later.
func kernelAtLeast(t *testing.T, major, minor int) bool {
	t.Helper()
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		t.Fatal(err)
	}
	var a, b int
	if _, err := fmt.Sscanf(unix.ByteSliceToString(u.Release[:]), "%d.%d", &a, &b); err != nil {
		t.Fatal(err)
	}
	return a > major || a == major && b >= minor
}
