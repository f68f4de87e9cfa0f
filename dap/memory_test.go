package dap

import (
	"encoding/base64"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/google/go-dap"
)

func TestAddress(t *testing.T) {
	for _, test := range []struct {
		ref    string
		offset int
		want   uint64
		bad    bool
	}{
		{"0x10", 0, 0x10, false},
		{"0x10", -0x10, 0, false},
		{"0x10", -0x11, 0, true},
		{"0xffffffffffffffff", 0, math.MaxUint64, false},
		{"0xffffffffffffffff", 1, 0, true},
		{"0x8000000000000000", math.MinInt, 0, false},
		{"x", 0, 0, true},
		{"", 0, 0, true},
	} {
		got, err := address(test.ref, test.offset)
		if (err != nil) != test.bad || got != test.want {
			t.Errorf("%s%+d: %#x, %v, want %#x", test.ref, test.offset, got, err, test.want)
		}
	}
}

func TestReadMemory(t *testing.T) {
	ed, _, frame := view(t, "look", nil)
	bytes := ed.locals(frame)["bytes"].MemoryReference
	read := func(ref string, offset, count int) ([]byte, dap.ReadMemoryResponseBody) {
		t.Helper()
		body := ask[dap.ReadMemoryResponseBody](ed, "readMemory", with{"memoryReference": ref, "offset": offset, "count": count})
		data, err := base64.StdEncoding.DecodeString(body.Data)
		if err != nil {
			t.Errorf("%s%+d: %v", ref, offset, err)
		}
		return data, body
	}
	if data, body := read(bytes, 0, 5); string(data) != "tèst" || body.Address != bytes || body.UnreadableBytes != 0 {
		t.Errorf("bytes: %q, %+v", data, body)
	}
	if data, _ := read(bytes, 3, 2); string(data) != "st" {
		t.Errorf("the end of bytes: %q", data)
	}
	if data, body := read(bytes, 0, 0); len(data) != 0 || body.Address != bytes {
		t.Errorf("nothing: %q, %+v", data, body)
	}
	// There is no more of a string or slice than its own.
	locals := ed.locals(frame)
	for _, test := range []struct {
		name                string
		offset, count, have int
	}{{"bytes", 0, 100, 5}, {"bytes", 4, 100, 1}, {"bytes", 5, 1, 0}, {"bytes", -3, 5, 2}, {"bytes", -5, 5, 0},
		{"list", 0, 100, 24}, {"name", 0, 100, 7}, {"text", 0, 1000, 600}, {"text", 590, 1000, 10}} {
		data, body := read(locals[test.name].MemoryReference, test.offset, test.count)
		if len(data) != test.have || body.UnreadableBytes != test.count-test.have {
			t.Errorf("%d bytes of %s from %d on: %d, and %d unreadable; want %d", test.count, test.name, test.offset, len(data), body.UnreadableBytes, test.have)
		}
	}
	// Of what is no value of its own there is.
	if data, _ := read(locals["acc"].MemoryReference, -8, 24); len(data) != 24 {
		t.Errorf("around acc there are %d bytes", len(data))
	}
	// The first pages of a process are never there.
	if data, body := read("0x0", 0, 100); len(data) != 0 || body.UnreadableBytes != 100 {
		t.Errorf("at 0: %q, %+v", data, body)
	}
	if data, body := read("0xffffffffffffff00", 0, 1000); len(data) != 0 || body.UnreadableBytes != 1000 {
		t.Errorf("at the end of addresses: %q, %+v", data, body)
	}
	// What is there before memory ends comes.
	end := endOfStack(t, ed.pid)
	if data, body := read(fmt.Sprintf("%#x", end-5000), 0, 9000); len(data) != 5000 || body.UnreadableBytes != 4000 {
		t.Errorf("across the end of memory: %d bytes, %d unreadable, want 5000 and 4000", len(data), body.UnreadableBytes)
	}
	for _, args := range []with{
		{"memoryReference": "nowhere", "count": 1},
		{"memoryReference": bytes, "count": -1},
		{"memoryReference": bytes, "count": maxMemory + 1},
		{"memoryReference": locals["small"].MemoryReference, "offset": math.MinInt64, "count": 1},
	} {
		if e := fails(ed, "readMemory", args); !strings.HasPrefix(e.Format, "Unable to read memory: ") || e.Id != idMemory {
			t.Errorf("%v: %+v", args, e)
		}
	}
}

// endOfStack is where the memory of the main thread's stack ends; there is none for a
// while behind it.
func endOfStack(t *testing.T, pid int) uint64 {
	t.Helper()
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(maps)) {
		if !strings.Contains(line, "[stack]") {
			continue
		}
		var from, to uint64
		if _, err := fmt.Sscanf(line, "%x-%x", &from, &to); err != nil {
			t.Fatal(err)
		}
		return to
	}
	t.Fatal("there is no stack")
	return 0
}

func TestWriteMemory(t *testing.T) {
	ed, _, frame := view(t, "look", nil)
	bytes := ed.locals(frame)["bytes"].MemoryReference
	encode := base64.StdEncoding.EncodeToString
	body := ask[dap.WriteMemoryResponseBody](ed, "writeMemory", with{"memoryReference": bytes, "offset": 1, "data": encode([]byte("aro"))})
	if body.BytesWritten != 3 {
		t.Errorf("%+v, want 3 bytes written", body)
	}
	ed.event("invalidated", nil)
	if got := ed.evaluate("string(bytes)", frame).Result; got != `"tarot"` {
		t.Errorf("bytes are %s", got)
	}
	for _, args := range []with{
		{"memoryReference": bytes, "data": ""},
		{"memoryReference": bytes, "data": "?"},
		{"memoryReference": "0x0", "data": encode([]byte("x"))},
		{"memoryReference": "0x0", "data": encode([]byte("x")), "allowPartial": true},
		{"memoryReference": "nowhere", "data": encode([]byte("x"))},
	} {
		if e := fails(ed, "writeMemory", args); !strings.HasPrefix(e.Format, "Unable to write memory: ") || e.Id != idWriteMemory || !e.ShowUser {
			t.Errorf("%v: %+v", args, e)
		}
	}
}
