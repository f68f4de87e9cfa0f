package backend

import (
	"bytes"

	"github.com/argusdbg/argus/internal/glue"
)

// compareTraces looks for values that a trace has no hit of, as compareAll does for
// watchpoints, in one process or (nil) in all: their threads are stopped.
func (s *Session) compareTraces(p *glue.Process) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.traces {
		if p == nil || t.w.of.process == p {
			t.compare()
		}
	}
}

// compare looks whether the value in memory is the one that the last hit has found.
func (t *Trace) compare() {
	lost := t.unfounded.Load()
	known := t.rec.There(t.there)
	if _, err := t.w.of.target.Memory().ReadMemory(t.now, t.w.addr); err != nil || known && bytes.Equal(t.now, t.there) {
		return
	}
	if known && lost == t.excused { // else a hit that came without a cause has written it: it is lost
		t.unseen.Add(1)
	}
	t.excused = lost
	t.settle()
}

// settle takes the value for what was found last.
func (t *Trace) settle() {
	_ = t.rec.SetThere(t.now) // an error: the trace is over
}

// forgiveTraces takes the values as they are: we have written them ourselves.
func (s *Session) forgiveTraces() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.traces {
		if _, err := t.w.of.target.Memory().ReadMemory(t.now, t.w.addr); err == nil {
			t.settle()
		}
	}
}
