package dap

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/argusdbg/argus/backend"
	"github.com/argusdbg/argus/internal/testkit"
)

// FuzzSession: random requests in random order, to a session with a real program: each has
// one response, the server ends when the client goes, at whatever moment that is, a program
// that was launched ends, and one that was attached to runs on as if nothing had been.
//
//	go test ./dap -run none -fuzz FuzzSession -fuzztime 10m
//
// Go's fuzzer allows ten seconds for a session. On a machine that is busy otherwise
// TestRandomSessions does without that.
func FuzzSession(f *testing.F) {
	for seed := range few(6) {
		f.Add(randomBytes(seed))
	}
	f.Fuzz(randomSession)
}

// TestRandomSessions plays random sessions for as long as ARGUS_DAP_RANDOM says, such as
// 10m; a few if it says nothing. The name of one that fails is its seed.
func TestRandomSessions(t *testing.T) {
	before := testkit.Used(t)
	before.Threads = testkit.Any
	length, err := time.ParseDuration(os.Getenv("ARGUS_DAP_RANDOM"))
	if err != nil {
		length = 0
	}
	for _, seed := range onceFailed {
		for range 3 {
			t.Run(fmt.Sprint(seed), func(t *testing.T) { randomSession(t, randomBytes(seed)) })
		}
	}
	start := time.Now()
	for seed := uint64(100); seed < 100+few(6) || time.Since(start) < length; seed++ {
		ok := t.Run(fmt.Sprint(seed), func(t *testing.T) { randomSession(t, randomBytes(seed)) })
		if !ok {
			break
		}
	}
	testkit.NoMoreThan(t, before)
}

// onceFailed are seeds of sessions in which a program outlived its session (215), and was
// killed by a signal of ours that came late (1786).
var onceFailed = []uint64{215, 1786}

// few is n, or fewer if time is short.
func few(n uint64) uint64 {
	if testing.Short() {
		return n / 3
	}
	return n
}

func randomBytes(seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	data := make([]byte, 60+r.IntN(200))
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	return data
}

func randomSession(t *testing.T, data []byte) {
	c := &chooser{data}
	cfg := Config{Options: backend.Options{Driver: pick(c, "perf", "ptrace")}}
	if c.rarely(3) {
		randomAttached(t, c, cfg)
	} else {
		randomLaunched(t, c, cfg)
	}
}

// programs are what random sessions are about.
var programs = []string{"forever", "twice 300", "panic", "atomics 100", "storm 10", "gc 60", "children 2", "exec 3", "leader 5", "locals 50",
	"exit 3", "kill", "signals 20", "fields 50"}

func randomLaunched(t *testing.T, c *chooser, cfg Config) {
	ed := newEditorWith(t, cfg)
	program := testkit.Scenarios(t, testkit.Debug)
	ed.initialize()
	ed.response(ed.send("launch", with{"mode": "exec", "program": program, "args": strings.Fields(pick(c, programs...)),
		"stopOnEntry": !c.rarely(3), "showGlobalVariables": c.rarely(3), "outputMode": pick(c, "remote", "local")}))
	if !c.rarely(4) {
		ed.response(ed.send("configurationDone", nil))
	}
	randomTalk(ed, c, false)
	randomEnd(ed, c)
}

func randomAttached(t *testing.T, c *chooser, cfg Config) {
	testkit.Watchdog(t)
	p := startForever(t)
	ed := newEditorWith(t, cfg)
	ed.initialize()
	ed.response(ed.send("attach", with{"mode": "local", "processId": p.Process.Pid, "stopOnEntry": c.rarely(2)}))
	if !c.rarely(4) {
		ed.response(ed.send("configurationDone", nil))
	}
	randomTalk(ed, c, true)
	randomEnd(ed, c)
	ed.leave()
	unharmed(t, p.Process.Pid)
}

// randomTalk sends requests until the chooser has no more to say. Some are waited for.
func randomTalk(ed *editor, c *chooser, gentle bool) {
	k := &knowledge{}
	file := targetFile(ed, "scenarios", "main.go")
	for sent := 0; c.more() && sent < 40; sent++ {
		k.learn(ed)
		seq := ed.send(randomRequest(c, k, file, gentle))
		if c.rarely(3) {
			continue
		}
		ed.answered(seq)
	}
}

// randomEnd ends a session in one of the ways that there are.
func randomEnd(ed *editor, c *chooser) {
	switch c.upTo(4) {
	case 0:
		ed.settle()
		ed.send("disconnect", with{"terminateDebuggee": false})
		ed.hangup()
	case 1: // requests are under way
		ed.send("disconnect", with{})
		ed.send("threads", nil)
		ed.hangup()
	case 2: // in the middle of a request
		ed.raw("Content-Length: 100\r\n\r\n{\"seq\":")
	case 3:
		ed.settle()
	}
	ed.leave()
}

// answered waits for the response to a request. One that runs on until it is stopped is
// stopped, after a while.
func (ed *editor) answered(seq int) {
	ed.Helper()
	for _, wait := range []time.Duration{500 * time.Millisecond, patience} {
		if _, err := ed.lookFor(wait, func(m *message) bool { return m.Type == "response" && m.RequestSeq == seq }); err == nil {
			return
		}
		ed.send("cancel", with{"requestId": seq})
	}
	ed.Fatalf("request %d is not answered", seq)
}

// settle waits until all requests have been answered.
func (ed *editor) settle() {
	ed.Helper()
	for {
		ed.mu.Lock()
		seq := 0
		for s := range ed.asked {
			seq = max(seq, s)
		}
		ed.mu.Unlock()
		if seq == 0 {
			return
		}
		ed.answered(seq)
	}
}

// startForever starts a program that can be attached to, and returns when it runs.
func startForever(t testing.TB) *exec.Cmd {
	t.Helper()
	cmd, line := testkit.Start(t, testkit.Scenarios(t, testkit.Debug), "forever")
	if line != "ready\n" {
		t.Fatalf("the program says %q", line)
	}
	return cmd
}

// unharmed holds a running "scenarios forever" against what it was before it was
// debugged: it is nobody's tracee, its code is that of its file, and it goes on.
func unharmed(t testing.TB, pid int) {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil || !bytes.Contains(status, []byte("TracerPid:\t0\n")) {
		t.Errorf("the program has a tracer, or is gone: %v\n%s", err, status)
		return
	}
	exe, err := elf.Open(fmt.Sprintf("/proc/%d/exe", pid))
	if err != nil {
		t.Fatal(err)
	}
	defer exe.Close()
	memory, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		t.Fatal(err)
	}
	defer memory.Close()
	text := exe.Section(".text")
	want, err := text.Data()
	if err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(want))
	if _, err := memory.ReadAt(got, int64(text.Addr)); err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("the program's code differs at %#x: %#x, not %#x", text.Addr+uint64(i), got[i], want[i])
			break
		}
	}
	symbols, err := exe.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	x := func() uint64 {
		for _, s := range symbols {
			if s.Name == "main.x" {
				var value [8]byte
				if _, err := memory.ReadAt(value[:], int64(s.Value)); err != nil {
					stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)) // the last number is what it ended with
					t.Fatalf("the program has ended: %v\n%s", err, stat)
				}
				return binary.LittleEndian.Uint64(value[:])
			}
		}
		t.Fatal("there is no main.x")
		return 0
	}
	first := x()
	for deadline := time.Now().Add(patience); x() == first; {
		if time.Now().After(deadline) {
			t.Errorf("the program does not go on: state %q", testkit.State(pid))
			return
		}
	}
}
