package backend

import (
	"bytes"
	"errors"

	"github.com/argusdbg/argus/ptrace"
)

// compareWindow is how much memory is read at a time, for watchpoints that lie side by side.
const compareWindow = 64 << 10

// compare looks whether the value in memory is the one that was there after the
// last hit. A thread that has written and not been heard yet would look like a writer
// unseen, so a difference counts when all threads are stopped and have been heard, or
// when the program ends; see Session.compareAll's callers.
func (w *Watchpoint) compare() {
	if !w.here() {
		return
	}
	if w.whole != nil {
		w.compareWhole(w.whole.object.Ranges(), false)
		return
	}
	switch _, err := w.of.target.Memory().ReadMemory(w.now, w.addr); {
	case err == nil:
		w.compareWith(w.now)
	case errors.Is(err, ptrace.ErrNotMapped): // and not the end of the program
		w.mu.Lock()
		w.gone = true
		w.mu.Unlock()
	}
}

// here reports whether the memory is still that of what is watched, and where it was.
func (w *Watchpoint) here() bool {
	return !w.ending() && (w.local == nil || w.away() || w.s.inPlace(w.local))
}

func (w *Watchpoint) compareWith(now []byte) {
	w.freshen()
	if bytes.Equal(now, w.seen) || w.excused(now) {
		return
	}
	copy(w.last, now)
	copy(w.seen, now)
	w.found(now)
	w.mu.Lock()
	w.unseen++
	w.mu.Unlock()
}

// compareAll looks for values that changed without a hit. Where a watchpoint lies behind
// the last one, more is read than that one, for those which may come.
func (s *Session) compareAll() {
	s.missedSwitches()
	s.compareTraces(nil)
	var window []byte // of the memory of what was compared last
	var base uint64
	var of *debuggee
	for i, w := range s.watches {
		if !w.here() {
			continue
		}
		if w.whole != nil {
			if w.whole.object.Bytes() <= maxCompared {
				w.compareWhole(w.whole.object.Ranges(), true)
			}
			continue
		}
		size := uint64(w.size)
		if w.of == of && w.addr >= base && w.addr+size <= base+uint64(len(window)) {
			w.compareWith(window[w.addr-base:][:size])
			continue
		}
		window = window[:0]
		if i+1 < len(s.watches) {
			if next := s.watches[i+1]; next.of == w.of && next.whole == nil && next.addr >= w.addr && next.addr+uint64(next.size) <= w.addr+compareWindow {
				if cap(s.window) == 0 {
					s.window = make([]byte, compareWindow)
				}
				base, of = w.addr, w.of
				n, _ := of.target.Memory().ReadMemory(s.window, base)
				window = s.window[:max(n, 0)]
			}
		}
		if uint64(len(window)) >= size {
			w.compareWith(window[:size])
			continue
		}
		w.compare()
	}
}
