package record

import (
	"fmt"
	"slices"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// TestWalk: a stack is what the kernel's own helper finds, however large the frames are, and
// wherever frame pointers lead.
func TestWalk(t *testing.T) {
	for _, c := range []struct {
		args  []string
		depth int
		want  int // records
	}{
		{[]string{"deep", "20", "2"}, 2, 20},
		{[]string{"deep", "20", "2"}, 16, 20},
		{[]string{"deep", "20", "60"}, 16, 20},
		{[]string{"deep", "20", "60"}, MaxStack, 20},
		{[]string{"sized", "3", "60"}, 16, 3 * 61},
		{[]string{"sized", "3", "60"}, MaxStack, 3 * 61},
		{[]string{"lost", "10"}, 16, 10 * 8},
		{[]string{"stores", "20", "3"}, 16, 60},
	} {
		t.Run(fmt.Sprint(c.args, c.depth), func(t *testing.T) {
			testkit.Watchdog(t)
			x := launch(t, c.args...)
			walked := x.record(BPF, "x", 8, Config{Stack: c.depth})
			helped := x.record(BPF, "x", 8, Config{Stack: c.depth, helper: true})
			if walked.source.(*program).parts.helper || !helped.source.(*program).parts.helper {
				t.Fatal("the kernel has refused the walk")
			}
			x.runTo("done")
			a, b := all(t, walked), all(t, helped)
			lost := int(walked.Counts().Lost + helped.Counts().Lost)
			if len(a) < c.want-lost-x.unknown || len(a) > c.want || len(a) != len(b) && lost+x.unknown == 0 {
				t.Fatalf("%d and %d records of %d; %d are lost, %d unknown", len(a), len(b), c.want, lost, x.unknown)
			}
			key := func(r *Record) string { return fmt.Sprint(r.TID, r.Stack[:r.Depth]) }
			found := map[string]int{}
			for i := range b {
				found[key(&b[i])]++
			}
			for i := range a {
				k := key(&a[i])
				if found[k]--; found[k] < 0 && lost+x.unknown == 0 {
					t.Fatalf("record %d: %d frames, %#x; the helper has found %v", i, a[i].Depth, a[i].Stack[:a[i].Depth], sorted(found))
				}
			}
		})
	}
}

func sorted(m map[string]int) (list []string) {
	for k, n := range m {
		if n > 0 {
			list = append(list, k)
		}
	}
	slices.Sort(list)
	return list
}
