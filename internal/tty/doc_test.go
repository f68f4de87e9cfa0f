package tty

import (
	"os"
	"testing"
)

// TestIs: the master of a pseudo terminal is one, and what else there is is none.
func TestIs(t *testing.T) {
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	if !Is(master) {
		t.Error("a terminal is none")
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if Is(null) || Is(nil) {
		t.Error("what is no terminal is one")
	}
	null.Close()
	if Is(null) {
		t.Error("what is closed is a terminal")
	}
}
