package backend

import (
	"testing"
)

var memoryTheme = theme{name: "What becomes of memory", scenarios: []scenario{
	{
		name: "MADV_DONTNEED", does: "writes, and gives the memory back: it is 0 then, and nobody has stored that",
		run: "dontneed 10", mapped: true, by: "main.dontNeed", watch: []string{"*main.page"}, want: []figures{{hits: 10, unseen: true}},
	},
	{
		name: "mremap", does: "writes once, moves the memory away, and writes there",
		run: "remap 10", mapped: true, by: "main.remap", watch: []string{"*main.page"}, want: []figures{{hits: 1, unmapped: true}},
	},
	{
		name: "munmap", does: "writes, and unmaps the memory",
		run: "unmap 10", mapped: true, by: "main.unmap", watch: []string{"*main.page"}, want: []figures{{hits: 10, unmapped: true}},
	},
	{
		name: "mmap in its place", does: "writes once, maps other memory at the same address, and writes there: what is watched is the address",
		run: "mapagain 10", mapped: true, by: "main.mapAgain", watch: []string{"*main.page"}, want: exactly(11),
		differs: []difference{{at: guarded, want: []figures{{hits: 1, unseen: true, unmapped: true}}, why: "the guard goes with the mapping"}},
	},
	{
		name: "another address", does: "writes, and then once more by another address of the same memory",
		run: "alias 10", mapped: true, by: "main.alias", watch: []string{"*main.page"}, want: []figures{{hits: 10, unseen: true}},
	},
	{
		name: "another process", does: "writes shared memory, and has another process write it",
		run: "shared 10", mapped: true, by: "main.shared", watch: []string{"*main.page"}, want: []figures{{hits: 10, unseen: true}},
	},
	{
		name: "fork", does: "writes; a child writes its copy",
		run: "fork 10", by: "main.fork", watch: []string{"main.area[64]"}, want: exactly(10),
	},
	{
		name: "read-only", does: "stores where that is not permitted, which is no write, and once where it is",
		run: "readonly 10", mapped: true, by: "main.readOnly", watch: []string{"*main.page"}, want: exactly(1),
	},
}}

func TestConformanceMemory(t *testing.T) { conform(t, memoryTheme) }
