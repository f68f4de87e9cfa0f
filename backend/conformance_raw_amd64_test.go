package backend

import (
	"testing"
)

// rawTheme are scenarios that go around the runtime of Go.
var rawTheme = theme{name: "Signals, births, code", scenarios: []scenario{
	{
		name: "before a signal", does: "a store, and a signal by the instruction behind it; the handler writes too",
		run: "beforesignal 10", by: "main.storeAndKill|handler", watch: []string{"main.area[64]"}, want: exactly(20),
	},
	{
		name: "in a handler", does: "writes in a signal handler",
		run: "handler 10", by: "handler", watch: []string{"main.area[64]"}, want: exactly(10),
	},
	{
		name: "storm", does: "stores while another thread sends signals all the time",
		run: "storm 300", by: "main.store8", watch: []string{"main.area[64]"}, want: exactly(300),
	},
	{
		name: "fault behind", does: "a store, and a fault by the instruction behind it",
		run: "fault 10", by: "main.storeAndFault", watch: []string{"main.area[64]"}, want: exactly(10),
	},
	{
		name: "frame of a handler", does: "has the kernel push a signal's frame onto the word",
		run: "frame 10", mapped: true, watch: []string{"*main.page"}, want: onlyUnseen(1),
		differs: []difference{
			{at: guarded, want: exactly(1), by: systemCall, call: "tgkill", why: "of what the kernel writes a guard tells where it begins; of what lies behind, only changes are hits"},
			{at: seeing, want: exactly(10), call: "tgkill", unplaced: true, why: "the kernel's own writes fire; the thread is in the handler by then"},
		},
	},
	{
		name: "SIGTRAP ignored", does: "stores while the program ignores SIGTRAP",
		run: "ignored 10", by: "main.store8", watch: []string{"main.area[64]"}, want: exactly(10),
	},
	{
		name: "signals blocked", does: "stores three times with all signals blocked, and lifts that, again and again",
		run: "blocked 10", by: "main.store8", watch: []string{"main.area[64]"}, want: exactly(30),
		differs: []difference{{at: byEvent, want: []figures{{hits: 30, lost: 20}}, unplaced: true,
			why: "what stops the thread is a signal that it has blocked: the hits are counted, and one stop tells of them when it lifts that"}},
	},
	{
		name: "birth", does: "starts 50 threads: their first instructions write, and the next end them",
		run: "births 5", racing: true, by: "main.spawn", watch: []string{"main.area[64]"}, want: exactly(250),
	},
	{
		name: "birth, signals blocked", does: "the same with all signals blocked",
		run: "deaf 5", racing: true, by: "main.spawn", watch: []string{"main.area[64]"}, want: exactly(250),
		differs: []difference{{at: byEvent, want: []figures{{hits: 250, lost: 250, unseen: true}}, why: "these threads end before a signal could stop them: the hits are counted"}},
	},
	{
		name: "end of a thread", does: "sets the word, and the kernel clears it when a thread ends (set_tid_address(2))",
		run: "ends 5", racing: true, by: "main.begin", watch: []string{"main.area[64]"}, want: []figures{{hits: 5, unseen: true}},
		differs: []difference{{at: guarded, why: "the kernel does not wait for a guard there, and drops its write: who waits for the thread does so for ever"}},
	},
	{
		name: "vfork", does: "writes; a child that has not called exec yet writes the same memory",
		run: "vfork 10", by: "main.vfork", watch: []string{"main.area[64]"}, want: []figures{{hits: 10, unseen: true}},
	},
	{
		name: "code", does: "writes its own code, four bytes at an odd address, and executes it: executing is no access",
		run: "code 10", mapped: true, by: "main.store4", watch: []string{"[4]uint8@page+1"}, want: exactly(10),
	},
	{
		name: "code, reads watched too", does: "the same",
		run: "code 10", mapped: true, by: "main.store4", watch: []string{"[4]uint8@page+1"}, reads: true, want: exactly(10), look: accessed(Write), differs: noReads,
	},
}}

// byEvent: threads are stopped by a signal that they can block.
var byEvent = placementKind{"perf, perf-safe", func(p placement) bool { return !p.guard && p.driver != "ptrace" }}

func TestConformanceRaw(t *testing.T) { conform(t, rawTheme) }
