package dap

import (
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/argusdbg/argus/backend"
	"github.com/google/go-dap"
)

// logLines are the lines of log points. Those that come of traces are looked for by a
// goroutine of its own, as long as there are traces: nobody is woken for a record. It puts
// them in the order of their writes, together with those of log points that stop, and sends
// so many at a time that responses find their way between them. What has no room until it is
// its turn is left out, which a line says that stands in its place.
type logLines struct {
	send func(dap.OutputEventBody)

	mu      sync.Mutex // guards all below, and is held while lines are sent
	traces  []*logTrace
	pending []logItem             // of which it is not yet certain that nothing older comes
	certain time.Time             // nothing comes that is older, as of the last time they were gathered
	queue   []dap.OutputEventBody // in order
	left    uint64                // how many are left out behind the queue
	sent    time.Time             // when the last of them were, in their turn
	told    time.Time             // when losses were told of last
	pumping bool
	closed  bool
	ends    chan struct{} // closed with it
}

// Bounds of the lines that wait, and of how fast they go: a hundred in ten milliseconds are
// more than anybody can read, and than most editors can show.
const (
	maxLogLines = 10_000
	logTurn     = 10 * time.Millisecond
	logBurst    = 100
	// logBatch is how many records of a trace are taken before the next trace has its turn.
	logBatch = 4096
	// logSettling is more than how long after its write a record can be read.
	logSettling = 2 * time.Millisecond
	// logLosses is how often losses are told of while the program runs.
	logLosses = time.Second
)

// records are a trace's: a [backend.Trace].
type records interface {
	Next() *backend.Record
	Began() time.Time
	Over() bool
	Stats() backend.TraceStats
	Stop() error
	Close() error
}

// logTrace is a trace that log lines are made of.
type logTrace struct {
	records
	name string // of the data breakpoint
	line func(r *backend.Record) dap.OutputEventBody

	// Guarded by logLines.mu.
	last    *backend.Record // that came
	leftOut uint64
	lost    uint64 // that have been told of, as unseen
	unseen  uint64
}

type logItem struct {
	at   time.Time
	of   *logTrace // nil: it is a line that was made where the program was stopped
	r    *backend.Record
	body dap.OutputEventBody
}

func newLogLines(send func(dap.OutputEventBody)) *logLines {
	return &logLines{send: send, ends: make(chan struct{})}
}

// put sends a line that was made at a stop, after those that are older. It may be called
// from any goroutine.
func (l *logLines) put(body dap.OutputEventBody) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.idle() {
		l.send(body)
		return
	}
	l.gather()
	l.pending = append(l.pending, logItem{at: time.Now(), body: body})
	if len(l.pending)+len(l.queue) > 2*maxLogLines { // these are not left out: who makes them waits
		l.settle(true)
		l.emit(len(l.queue))
	}
}

func (l *logLines) idle() bool {
	return len(l.traces) == 0 && len(l.pending)+len(l.queue) == 0 && l.left == 0
}

// add has the lines of a trace sent from now on.
func (l *logLines) add(t *logTrace) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.traces = append(l.traces, t)
	if !l.pumping && !l.closed {
		l.pumping = true
		go l.pump()
	}
}

// change has other lines made of what is recorded from now on.
func (l *logLines) change(t *logTrace, line func(r *backend.Record) dap.OutputEventBody) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gatherAll(t)
	t.line = line
}

// remove ends a trace. The lines of what was recorded are still sent.
func (l *logLines) remove(t *logTrace) error {
	err := t.Stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gatherAll(t)
	l.tellLosses(t)
	l.traces = slices.DeleteFunc(l.traces, func(o *logTrace) bool { return o == t })
	return errors.Join(err, t.Close())
}

// flush sends what there is of a program that has stopped, before anything else is told of
// that.
func (l *logLines) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.gather() { // nothing is written meanwhile: it ends
		l.settle(false)
	}
	l.settle(true)
	l.emit(len(l.queue))
}

// finish sends everything of a program that has ended, and says what was lost.
func (l *logLines) finish() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for more := true; more; {
		more = l.gather()
		l.settle(!more)
		l.emit(len(l.queue))
	}
	for _, t := range l.traces {
		l.tellLosses(t)
	}
}

// close ends it all: nobody listens any more.
func (l *logLines) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	l.closed = true
	close(l.ends)
	for _, t := range l.traces {
		_ = t.Close() // of the program that is let go
	}
	l.traces = nil
}

// look takes what was recorded, without sending any of it.
func (l *logLines) look() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gather()
}

// facts are what is known of a trace's lines.
func (l *logLines) facts(t *logTrace) (leftOut uint64, last *backend.Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return t.leftOut, t.last
}

// pump is the goroutine.
func (l *logLines) pump() {
	tick := time.NewTicker(logTurn)
	defer tick.Stop()
	for {
		more, over := l.turn()
		switch {
		case over:
			return
		case more: // others want the lock, too
			continue
		}
		select {
		case <-tick.C:
		case <-l.ends:
			return
		}
	}
}

// turn takes what was recorded, and sends some of the lines.
func (l *logLines) turn() (more, over bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	more = l.gather()
	l.settle(len(l.traces) == 0)
	if now := time.Now(); now.Sub(l.sent) >= logTurn-logTurn/10 {
		l.sent = now
		l.emit(logBurst)
	}
	if now := time.Now(); now.Sub(l.told) >= logLosses {
		l.told = now
		for _, t := range l.traces {
			l.tellLosses(t)
		}
	}
	over = l.idle() || l.closed
	l.pumping = !over
	return more, over
}

// gather takes what the traces have, some of each, and reports whether there may be more.
func (l *logLines) gather() (more bool) {
	l.certain = time.Now().Add(-logSettling)
	for _, t := range l.traces {
		if l.gatherFrom(t) {
			more = true
			if last := l.pending[len(l.pending)-1].at; last.Before(l.certain) {
				l.certain = last
			}
		}
	}
	return more
}

// gatherAll takes all that one of them has, and some of the others.
func (l *logLines) gatherAll(t *logTrace) {
	for l.gatherFrom(t) {
		l.settle(true)
	}
	l.gather()
	l.settle(true)
}

func (l *logLines) gatherFrom(t *logTrace) (more bool) {
	for range logBatch {
		r := t.Next()
		if r == nil {
			return false
		}
		t.last = r
		l.pending = append(l.pending, logItem{at: t.Began().Add(r.Time), of: t, r: r})
	}
	return true
}

// settle puts lines into the queue: those that nothing older can come before, or all.
func (l *logLines) settle(all bool) {
	slices.SortStableFunc(l.pending, func(a, b logItem) int { return a.at.Compare(b.at) })
	n := len(l.pending)
	if !all && len(l.traces) > 1 {
		n = 0
		for n < len(l.pending) && !l.pending[n].at.After(l.certain) {
			n++
		}
	}
	for i := range l.pending[:n] {
		l.enqueue(&l.pending[i])
	}
	rest := copy(l.pending, l.pending[n:])
	clear(l.pending[rest:])
	l.pending = l.pending[:rest]
}

func (l *logLines) enqueue(i *logItem) {
	if i.of != nil && len(l.queue) >= maxLogLines {
		l.left++
		i.of.leftOut++
		return
	}
	if l.left > 0 {
		l.queue = append(l.queue, l.gap())
	}
	if i.of != nil {
		i.body = i.of.line(i.r)
	}
	l.queue = append(l.queue, i.body)
}

// gap is the line that stands where some are left out.
func (l *logLines) gap() dap.OutputEventBody {
	n := l.left
	l.left = 0
	return dap.OutputEventBody{Category: "console", Output: counted(n, "line", "lines") + " of log points left out here: they came faster than they can be shown\n"}
}

// emit sends the first n lines.
func (l *logLines) emit(n int) {
	n = min(n, len(l.queue))
	for i := range n {
		l.send(l.queue[i])
	}
	clear(l.queue[:n])
	l.queue = l.queue[n:]
	if len(l.queue) == 0 && l.left > 0 {
		l.send(l.gap())
	}
}

// tellLosses says what has left no record.
func (l *logLines) tellLosses(t *logTrace) {
	st := t.Stats()
	if n := st.Lost - t.lost; st.Lost > t.lost {
		l.console(t, counted(n, "write has left no line: the kernel did not record it", "writes have left no line: the kernel did not record them"))
	}
	if n := st.Unseen - t.unseen; n > 0 {
		l.console(t, "the value was found changed "+counted(n, "time", "times")+" by writes that have left no line: the processor did not report them, or another process made them")
	}
	t.lost, t.unseen = max(st.Lost, t.lost), st.Unseen
}

func (l *logLines) console(t *logTrace, text string) {
	l.send(dap.OutputEventBody{Category: "console", Output: t.name + ": " + text + "\n"})
}
