package glue

import (
	"errors"
	"slices"
	"testing"

	"github.com/go-delve/delve/pkg/proc"
)

// TestAllocate: memory that is given to a program can be written and read, and the
// program goes on as if nothing had happened.
func TestAllocate(t *testing.T) {
	grp := launch(t, "exit", "3")
	p := grp.Selected.Process.(*Process)
	before, err := grp.Selected.CurrentThread().Registers()
	if err != nil {
		t.Fatal(err)
	}
	pc, sp := before.PC(), before.SP()
	first, err := p.Allocate(1)
	if err != nil {
		t.Fatal(err)
	}
	second, err := p.Allocate(1 << 20)
	if err != nil || second == first {
		t.Fatalf("%#x and %#x, %v", first, second, err)
	}
	text, back := []byte("hello"), make([]byte, 5)
	for _, addr := range []uint64{first, second + 1<<20 - 5} {
		if _, err := p.Memory().WriteMemory(addr, text); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Memory().ReadMemory(back, addr); err != nil || !slices.Equal(text, back) {
			t.Fatalf("%q, %v", back, err)
		}
	}
	after, err := grp.Selected.CurrentThread().Registers()
	if err != nil || after.PC() != pc || after.SP() != sp {
		t.Errorf("the thread is at %#x, was at %#x, %v", after.PC(), pc, err)
	}
	if _, err := p.Allocate(1 << 60); err == nil {
		t.Error("more memory was given than there is")
	}
	var exited proc.ErrProcessExited
	if err := grp.Continue(); !errors.As(err, &exited) || exited.Status != 3 {
		t.Errorf("%v", err)
	}
}
