package guard

import (
	"os"
	"testing"
)

func TestParseWhere(t *testing.T) {
	for text, want := range map[string]where{
		"running\n":        {},
		"":                 {},
		"-1 0x7ffc 0x40\n": {true, -1, 0x7ffc, 0x40},
		"0 0x3 0x10 0x8 0x0 0x0 0x0 0x7ffc 0x41\n": {true, 0, 0x7ffc, 0x41},
		"x 0x1 0x2": {},
		"1 0xz 0x2": {},
	} {
		if got := parseWhere([]byte(text)); got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
}

func TestParseStat(t *testing.T) {
	for text, want := range map[string]struct {
		letter byte
		worker bool
	}{
		"1 (a) b) S 1 1 1 0 -1 4194304 0":      {'S', false},
		"1 (iou-wrk-1) S 1 1 1 0 -1 4194368 0": {'S', false},
		"1 (iou-wrk-1) R 1 1 1 0 -1 16 0":      {'R', true},
		"1 (x":                                 {'X', false},
		"":                                     {'X', false},
	} {
		if letter, worker := parseStat([]byte(text)); letter != want.letter || worker != want.worker {
			t.Errorf("%q: %c, %v", text, letter, worker)
		}
	}
}

func TestInnermost(t *testing.T) {
	if tid, ok := innermost([]byte("Name:\tx\nNSpid:\t77\t12\t3\n")); tid != 3 || !ok {
		t.Error(tid, ok)
	}
	if _, ok := innermost([]byte("Name:\tx\n")); ok {
		t.Error("found one")
	}
}

// TestEyes looks at ourselves.
func TestEyes(t *testing.T) {
	e := look(os.Getpid())
	defer e.close()
	if len(e.tasks()) == 0 || !e.exists(os.Getpid()) || e.outer(5) != 5 {
		t.Error(e.tasks())
	}
	if letter, worker := e.state(os.Getpid()); letter == 'X' || worker {
		t.Errorf("%c", letter)
	}
	if e.turns(os.Getpid()) == "" {
		t.Error("no count of turns")
	}
}

func FuzzParseMapping(f *testing.F) {
	f.Add([]byte("00400000-00402000 rw-p 00000000 fe:00 10215572    /tmp/a b\n"))
	f.Add([]byte("7f-80 r--s 0 0:0 0"))
	f.Fuzz(func(t *testing.T, line []byte) { _, _ = parseMapping(line) })
}

func TestParseMapping(t *testing.T) {
	m, err := parseMapping([]byte("00400000-00402000 rw-p 00000000 fe:00 10215572    /tmp/a b\n"))
	if want := (mapping{0x400000, 0x402000, 3, false, "/tmp/a b"}); err != nil || m != want {
		t.Errorf("%+v, %v", m, err)
	}
	m, err = parseMapping([]byte("1000-2000 r-xs 0 00:00 0 [vdso]"))
	if want := (mapping{0x1000, 0x2000, 5, true, ""}); err != nil || m != want {
		t.Errorf("%+v, %v", m, err)
	}
}
