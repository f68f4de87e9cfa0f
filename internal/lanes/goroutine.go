package lanes

import (
	"fmt"

	"github.com/argusdbg/argus/ptrace"
	"github.com/argusdbg/argus/sched"
)

// What is for one goroutine alone (Config.Goroutine) is in that goroutine's context, which
// goes with it from thread to thread: the caller tells when a thread is about to run it
// (Run). The context stays on a thread until another one is put there, or it is itself put
// on another thread. What others do there meanwhile with the same memory stops them: the
// caller, who can tell which goroutine a thread runs at a hit, drops that.

// goroutineName is what messages call a goroutine.
func goroutineName(id int64) string { return fmt.Sprintf("goroutine %d", id) }

// taskFor returns whose context a group is to be in.
func (b *Board) taskFor(c *Config) (*sched.Task, error) {
	switch {
	case c.Goroutine != 0 && c.Thread != 0:
		return nil, fmt.Errorf("%s is for goroutine %d and for thread %d: name one of them", c.Name, c.Goroutine, c.Thread)
	case c.Goroutine != 0:
		return b.contextOf(c)
	case c.Thread == 0:
		return b.sched.Process(), nil
	}
	ln := b.lanes[c.Thread]
	if ln == nil {
		return nil, &ThreadError{Thread: c.Thread}
	}
	return ln.task, nil
}

// contextOf returns the task of a goroutine, and makes it one if it is none yet.
func (b *Board) contextOf(c *Config) (*sched.Task, error) {
	if t := b.goroutines[c.Goroutine]; t != nil {
		return t, nil
	}
	t := b.sched.NewTask(sched.Goroutine, goroutineName(c.Goroutine))
	b.goroutines[c.Goroutine] = t
	if c.On == nil {
		return t, nil
	}
	ln := b.lane(c.On)
	if ln == nil {
		return t, nil // it has ended
	}
	return t, ln.sched.Switch(t, ln.now())
}

// retire drops a goroutine's context when nothing is left in it.
func (b *Board) retire(goroutine int64) {
	if t := b.goroutines[goroutine]; t != nil && len(t.Groups()) == 0 {
		t.Close()
		delete(b.goroutines, goroutine)
	}
}

// Run tells that a stopped thread is about to run a goroutine: the context of that, if it
// has one, is on the thread from here on, and on no other. Only what differs from what was
// on there is programmed; where it comes from is brought up to date when that thread next
// stops, or has its turn. Running one that has no context changes nothing. What goes wrong
// Err tells.
func (b *Board) Run(th *ptrace.Thread, goroutine int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	ln := b.lane(th)
	if ln == nil || b.closed {
		return
	}
	t := b.goroutines[goroutine]
	if t == nil || t == ln.sched.Goroutine() {
		b.note(b.freshen(ln))
		return
	}
	if err := ln.sched.Switch(t, ln.now()); err != nil {
		b.note(fmt.Errorf("watch %s on thread %d: %w", t.Name(), th.TID, err))
	}
	b.markWaiting(ln, t)
	b.switches++
	b.wake()
}

// freshen programs a stopped thread if its set has changed since.
func (b *Board) freshen(ln *lane) error {
	if !ln.sched.Stale() {
		return nil
	}
	return ln.sched.Update(ln.now())
}

// markWaiting notes where blind intervals begin for what has come to a lane with its
// goroutine and has to wait for a turn there.
func (b *Board) markWaiting(ln *lane, t *sched.Task) {
	if b.scanner == nil {
		return
	}
	for _, g := range t.Groups() {
		if g.Pinned() || ln.sched.State(g) != sched.Waiting {
			continue
		}
		for _, e := range g.Events() {
			b.mark(ln, e.Data.(*member))
		}
	}
}

// Note keeps an error because of which something may not be armed as it should be: see Err.
func (b *Board) Note(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.note(err)
}

// HasContext reports whether something is watched for a goroutine alone, in slots.
func (b *Board) HasContext(goroutine int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.goroutines[goroutine] != nil
}

// Switches is how often a goroutine's context was put on a thread.
func (b *Board) Switches() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.switches
}
