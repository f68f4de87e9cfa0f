package guard

import (
	"fmt"
	"testing"
)

// BenchmarkFault is a store to a guarded page, by one thread and by eight.
func BenchmarkFault(b *testing.B) {
	for _, threads := range []int{1, 8} {
		b.Run(fmt.Sprint(threads), func(b *testing.B) {
			h, addr := guarded(b, "heap")
			h.run(func() {
				n := max(1, b.N/threads)
				b.ResetTimer()
				h.answers(0, "count", addr, uint64(n), uint64(threads))
				b.StopTimer()
			})
		})
	}
}
