package gprobe

import (
	"bufio"
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/argusdbg/argus/internal/bpfhit"
	"github.com/argusdbg/argus/internal/insn"
	"github.com/argusdbg/argus/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// call finds the call of a function in another: its address, and its offset in the file.
func call(t *testing.T, path, caller, callee string) (addr, offset uint64) {
	t.Helper()
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	syms, err := f.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	var from, to elf.Symbol
	for _, s := range syms {
		switch s.Name {
		case caller:
			from = s
		case callee:
			to = s
		}
	}
	text := f.Section(".text")
	code := make([]byte, from.Size)
	if _, err := text.ReadAt(code, int64(from.Value-text.Addr)); err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(code); {
		n, err := insn.Len(code[at:])
		if err != nil {
			break
		}
		if code[at] == 0xE8 && from.Value+uint64(at+n)+uint64(int64(int32(binary.LittleEndian.Uint32(code[at+1:])))) == to.Value {
			return from.Value + uint64(at), from.Value + uint64(at) - text.Addr + text.Offset
		}
		at += n
	}
	t.Fatalf("%s does not call %s", caller, callee)
	return 0, 0
}

// TestProbes: probes are met, a program that nobody traces runs on though a goroutine is
// asked for, and its code is as it was when they are gone.
func TestProbes(t *testing.T) {
	if err := Supported(); err != nil {
		t.Skip(err)
	}
	testkit.Watchdog(t)
	path := testkit.Target(t, "tasks", testkit.Optimized)
	addr, offset := call(t, path, "runtime.execute", "runtime.gogo.abi0")
	cmd := exec.Command(path, "handoff", "4", "1500")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // errors: it has ended as it should
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	p, err := Open(Config{PID: cmd.Process.Pid, Path: path, Gobuf: 56, Places: []Place{{Offset: offset, Argument: true}}})
	var denied *bpfhit.PermissionError
	if errors.As(err, &denied) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	for g := range uint64(64) { // none of these is one
		if err := errors.Join(p.Want(g, 0), p.Want(g, 1), p.Unwant(g+32), p.Unwant(g+32)); err != nil {
			t.Fatal(err)
		}
	}
	code := func() byte {
		f, err := os.Open(fmt.Sprintf("/proc/%d/mem", cmd.Process.Pid))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		var b [1]byte
		if _, err := f.ReadAt(b[:], int64(addr)); err != nil {
			t.Fatal(err)
		}
		return b[0]
	}
	if code() == 0xE8 {
		t.Error("no probe is there")
	}
	for p.Passed() < 100 {
		if err := cmd.Process.Signal(syscall.Signal(0)); err != nil {
			t.Fatalf("it ended with %d passed: %v", p.Passed(), err)
		}
	}
	passed := p.Passed()
	if p.Missed() != 0 {
		t.Errorf("%d were missed", p.Missed())
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if code() != 0xE8 {
		t.Errorf("%#x is left in the code", code())
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || strings.TrimSpace(line) == "0" {
		t.Errorf("%q, %v", line, err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	t.Logf("%d passed, then it went on and wrote %s", passed, bytes.TrimSpace([]byte(line)))
}

func TestKernel(t *testing.T) {
	if major, _ := kernel(); major < 3 {
		t.Errorf("Linux %d", major)
	}
}

func TestOpenFails(t *testing.T) {
	if _, err := Open(Config{PID: os.Getpid(), Path: "/nonexistent", Places: []Place{{Offset: 1}}}); err == nil || !strings.Contains(err.Error(), what) {
		t.Error(err)
	}
}
