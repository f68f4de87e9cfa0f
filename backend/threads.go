package backend

import (
	"context"

	"github.com/argusdbg/argus/internal/glue"
)

// Thread is a thread of the program.
type Thread struct {
	ID        int
	Goroutine Goroutine
	Place     Place
}

// Threads lists the threads.
func (s *Session) Threads(ctx context.Context) ([]Thread, error) {
	var list []Thread
	err := s.do(ctx, func() error {
		for _, th := range s.target.ThreadList() {
			t := Thread{ID: th.ThreadID(), Goroutine: s.goroutineOf(th)}
			if regs, err := th.Registers(); err == nil {
				t.Place = s.placeOf(th, regs.PC())
			}
			list = append(list, t)
		}
		return nil
	})
	return list, err
}

// goroutineOn says which goroutine runs on a stopped thread.
func (s *Session) goroutineOn(th *glue.Thread) Goroutine {
	var g Goroutine
	_ = s.group.Do(func() {
		regs, err := th.Held().Registers()
		if err != nil {
			return // being killed
		}
		info, err := s.goroutines.ReadInto(s.target.Memory(), s.gPointer(regs), s.gBuf)
		if err != nil || info.ID == 0 {
			return // not a thread of the Go runtime's
		}
		g = Goroutine{ID: info.ID, Start: s.startOf(info.StartPC).Function}
	})
	return g
}
