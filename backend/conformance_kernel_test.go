package backend

import (
	"testing"
)

// systemCall is where system calls are made from.
const systemCall = `internal/runtime/syscall(/linux)?\.Syscall6`

var kernelTheme = theme{name: "Written by the kernel", scenarios: []scenario{
	{
		name: "read, one byte", does: "read(2) of one byte into the word",
		run: "read 10 0 1", watch: []string{"main.area[64]"}, want: onlyUnseen(1), differs: byCall("read", 10),
	},
	{
		name: "read, the word", does: "read(2) of the whole word: the kernel may write it by one store or eight",
		run: "read 10 0 8", watch: []string{"main.area[64]"}, want: onlyUnseen(1), differs: byCall("read", 10),
	},
	{
		name: "read, more", does: "read(2) of 100 bytes around two watched words",
		run: "read 10 -40 100", watch: []string{"main.area[64]", "main.area[65]"}, want: onlyUnseen(2), differs: byCall("read", 10, 10),
	},
	{
		name: "read, over the edge", does: "read(2) of 8 bytes, of which the last 4 are watched; the 8 bytes behind are not touched",
		run: "read 10 -4 8", watch: []string{"main.area[64]", "main.area[65]"}, want: append(onlyUnseen(1), exactly(0)...), differs: byCall("read", 10, 0),
	},
	{
		name: "read, asleep", does: "read(2) that waits for what another thread sends",
		run: "late 10", watch: []string{"main.area[64]"}, want: onlyUnseen(1), differs: byCall("read", 10),
	},
	{
		name: "read that fails", does: "read(2) of 16 bytes, the first 8 of which it may write: it fails, and has written them",
		run: "readfault 5", mapped: true, watch: []string{"*main.page"}, want: onlyUnseen(1), differs: byCall("read", 5),
	},
	{
		name: "/proc/self/mem", does: "writes its own memory by way of a file",
		run: "ownmem 5", watch: []string{"main.area[64]"}, want: onlyUnseen(1),
		differs: []difference{{at: guarded, why: "the kernel refuses that write with EIO: such a fault cannot wait (FACTS D5)"}},
	},
}}

// onlyUnseen are figures of watchpoints whose memory the kernel writes unnoticed.
func onlyUnseen(watchpoints int) []figures {
	all := make([]figures, watchpoints)
	for i := range all {
		all[i].unseen = true
	}
	return all
}

const callWhy = "what the kernel writes fires: one hit for each call"

// byCall are the hits where what the kernel writes is seen.
func byCall(call string, n ...uint64) []difference {
	return []difference{{at: seeing, want: exactly(n...), why: callWhy, by: systemCall, call: call}}
}

func TestConformanceKernel(t *testing.T) { conform(t, kernelTheme) }
