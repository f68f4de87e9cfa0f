package guard

import "testing"

// TestCalls: system calls that write to a guarded page do what they do without it, and each
// is told of.
func TestCalls(t *testing.T) {
	for _, c := range []struct {
		what   string
		off    uint64 // into the page before the guarded one
		args   []uint64
		answer int
	}{
		{"read", pageSize + 8, []uint64{8}, 8},
		{"read", pageSize - 100, []uint64{300}, 300},
		{"readfile", pageSize, []uint64{pageSize}, pageSize},
		{"readfile", pageSize - 8, []uint64{2 * pageSize}, 2 * pageSize},
		{"readzero", pageSize - 8, []uint64{2 * pageSize}, 2 * pageSize},
		{"random", pageSize - 1000, []uint64{pageSize}, pageSize},
		{"stat", pageSize - 8, nil, 0},
		{"clock", pageSize - 8, nil, 0},
		{"recv", pageSize - 1000, []uint64{12000}, 12000},
		{"recv", pageSize + 8, []uint64{6000}, 6000},
	} {
		for _, aside := range []bool{false, true} {
			name := c.what
			if aside {
				name += " beside another thread"
			}
			t.Run(name, func(t *testing.T) {
				h := startTarget(t, program(t), nil)
				if aside {
					h.answers(0, "thread")
				}
				x := h.hold(false)
				x.open()
				at := x.at["heap"]
				x.add(at+pageSize, 8)
				x.run(func() {
					for range 5 {
						x.answers(c.answer, c.what, append([]uint64{at + c.off}, c.args...)...)
					}
				})
				user, calls, unseen := x.told()
				if user != 0 || calls < 5 || unseen != 0 {
					t.Errorf("%d writes of the program's, %d of calls, %d unseen", user, calls, unseen)
				}
				if !x.protected(at + pageSize) {
					t.Error("not guarded any more")
				}
			})
		}
	}
}
