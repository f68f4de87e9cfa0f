package backend

import "slices"

// EndKind is what a watchpoint ended by.
type EndKind string

// EndKinds.
const (
	EndScope     EndKind = "scope"     // the function of a local variable is left
	EndFreed     EndKind = "freed"     // the garbage collector frees the object
	EndGoroutine EndKind = "goroutine" // the goroutine that it was for has ended
	EndLost      EndKind = "lost"      // the variable has moved, and no debug registers were free there
)

// End is how a watchpoint ended by itself.
type End struct {
	Kind   EndKind
	Reason string // in words: how the function was left, or how it is known that the object is free
	Last   Value  // what the memory held last
}

// reason is that of the stop.
func (e *End) reason() Reason {
	switch e.Kind {
	case EndFreed:
		return ReasonFreed
	case EndLost:
		return ReasonLost
	case EndGoroutine:
		return ReasonGoroutineEnded
	}
	return ReasonScopeEnd
}

// End says how the watchpoint ended by itself, which a [*Stop] told; nil if it has not.
func (w *Watchpoint) End() *End {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.end
}

// ending reports whether the watchpoint has found its end. Only whoever has the gate, as
// all that write it have, may call it: it takes no lock, for there may be a million.
func (w *Watchpoint) ending() bool { return w.end != nil }

// finish notes how a watchpoint ends. The program is about to stop for it.
func (w *Watchpoint) finish(kind EndKind, reason string, last []byte) {
	if w.ending() {
		return
	}
	end := &End{Kind: kind, Reason: reason}
	if w.whole != nil {
		end.Last = Value{w: w, text: w.whole.object.Text()}
	} else {
		end.Last = w.value(last)
	}
	w.mu.Lock()
	w.end = end
	w.mu.Unlock()
	w.s.ends = true
}

// takeEnds ends the watchpoints that have found their ends while the program ran, and
// returns them. All threads are stopped.
func (s *Session) takeEnds() (list []*Watchpoint) {
	if !s.ends {
		return nil
	}
	s.retireEnded()
	s.ends = false
	s.watches = slices.DeleteFunc(s.watches, func(w *Watchpoint) bool {
		if w.ending() {
			list = append(list, w)
		}
		return w.ending()
	})
	for _, w := range list {
		w.close("")
		_ = s.takeOff(w) // fails if the process is being killed
	}
	return list
}

// takeOff frees what a watchpoint has in its process.
func (s *Session) takeOff(w *Watchpoint) error {
	if w.local != nil {
		s.unfollow(w.local)
	}
	if w.object != nil {
		s.unfollowObject(w)
	}
	s.leaveContext(w)
	s.unfollowParts(w)
	return w.takeOff()
}
