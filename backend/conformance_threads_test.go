package backend

import (
	"testing"
)

var threadTheme = theme{name: "Threads", scenarios: []scenario{
	{
		name: "16 threads", does: "atomic additions by 16 threads at once",
		run: "many 50", racing: true, by: "main.many.func1", watch: []string{"main.area[64]"}, want: exactly(16 * 50),
	},
	{
		name: "context switch", does: "two threads on one processor, each yields it after every store",
		run: "yield 100", racing: true, by: "main.yield.func1", watch: []string{"main.area[64]"}, want: exactly(200),
	},
	{
		name: "hand-over", does: "two threads wake each other, and write between",
		run: "handover 100", by: "main.handover.func1", watch: []string{"main.area[64]"}, want: exactly(200),
	},
	{
		name: "collector", does: "stores pointers while the collector marks",
		run: "garbage 50", by: "main.garbage", watch: []string{"main.ptr"}, want: exactly(50),
	},
}}

func TestConformanceThreads(t *testing.T) { conform(t, threadTheme) }
