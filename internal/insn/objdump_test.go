package insn

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// listing is one line of objdump -d: an instruction, its bytes and its text in
// Intel syntax.
type listing struct {
	at   uint64
	code []byte
	text string
	line string
}

// disassemble calls yield with every instruction that objdump finds in a file,
// called with the flags args. It skips the test where there is no objdump.
func disassemble(t *testing.T, file string, yield func(listing), args ...string) {
	t.Helper()
	tool, err := exec.LookPath("objdump")
	if err != nil {
		t.Skip("GNU objdump is not installed: ", err)
	}
	cmd := exec.Command(tool, append([]string{"-w", "-M", "intel,intel64", file}, args...)...)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 0, 16)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		line := lines.Text()
		place, rest, ok := strings.Cut(line, ":\t")
		if !ok {
			continue
		}
		at, err := strconv.ParseUint(strings.TrimSpace(place), 16, 64)
		if err != nil {
			continue
		}
		raw, text, ok := strings.Cut(rest, "\t")
		if !ok {
			continue // zeroes that objdump folds
		}
		buf = buf[:0]
		for f := range strings.FieldsSeq(raw) {
			if buf, err = hex.AppendDecode(buf, []byte(f)); err != nil {
				t.Fatalf("unexpected line %q", line)
			}
		}
		yield(listing{at: at, code: buf, text: strings.TrimSpace(text), line: line})
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Skipf("objdump cannot read %s: %v: %s", file, err, complaint.Bytes())
	}
}

// prefixes returns how many of the leading bytes are prefixes, and whether one
// of them may not stand before VEX or EVEX (Intel SDM volume 2A, 2.3.2-2.3.5).
func (l listing) prefixes() (n int, forbidVEX bool) {
	for n < len(l.code) {
		switch b := l.code[n]; b {
		case 0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65, 0x67:
		case 0x66, 0xF0, 0xF2, 0xF3:
			forbidVEX = true
		default:
			if b&0xF0 != 0x40 {
				return n, forbidVEX
			}
			forbidVEX = true
		}
		n++
	}
	return n, forbidVEX
}

// data reports whether the line is no instruction that a processor executes:
// what objdump calls (bad), prefixes alone, a byte left over at the end of a
// symbol, and VEX or EVEX behind a prefix, which objdump prints but which
// raises #UD.
func (l listing) data() bool {
	n, forbidVEX := l.prefixes()
	if n == len(l.code) || strings.Contains(l.text, "(bad)") || strings.HasPrefix(l.text, ".byte") {
		return true
	}
	b := l.code[n]
	return forbidVEX && (b == 0xC4 || b == 0xC5 || b == 0x62)
}

// want returns the length that Len should find. objdump joins FWAIT with the
// instruction that waits; to the processor they are two.
func (l listing) want() int {
	if n, _ := l.prefixes(); l.code[n] == 0x9B {
		return n + 1
	}
	return len(l.code)
}

// binaries returns the files to disassemble: this test, and the C library,
// whose string functions have an AVX2 and an EVEX version each. The environment
// variable ARGUS_INSN_FILES names others, separated by colons.
func binaries(t *testing.T) []string {
	t.Helper()
	if extra := os.Getenv("ARGUS_INSN_FILES"); extra != "" {
		return strings.Split(extra, ":")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	files := []string{self}
	for _, pattern := range []string{"/lib/x86_64-linux-gnu/libc.so.6", "/lib64/libc.so.6", "/usr/lib/libc.so.6"} {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return append(files, found[0])
		}
	}
	return files
}

func TestLenAgainstObjdump(t *testing.T) {
	if testing.Short() {
		t.Skip("a million instructions")
	}
	for _, file := range binaries(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			count, data, wrong := 0, 0, 0
			disassemble(t, file, func(l listing) {
				if l.data() {
					data++
					return
				}
				count++
				if n, err := Len(l.code); err != nil || n != l.want() {
					if wrong++; wrong < 100 {
						t.Errorf("Len = %d, %v, want %d: %s", n, err, l.want(), l.line)
					}
				}
			}, "-d")
			t.Logf("%d instructions, %d wrong, %d lines that are none", count, wrong, data)
		})
	}
}
