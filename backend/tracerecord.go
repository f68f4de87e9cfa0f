package backend

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/insn"
	"github.com/argusdbg/argus/internal/record"
	"github.com/argusdbg/argus/internal/value"
	"github.com/argusdbg/argus/internal/where"
)

// Record is one write of what a [Trace] traces.
type Record struct {
	Number   uint64        // of the trace's records, from 1
	Time     time.Duration // since the trace began
	Thread   int           // id that the kernel gave the thread
	Place    Place         // of the instruction that wrote, or of the system call
	PlaceErr error         // why it was not found: Place is then that of the program counter, behind it

	// Old and New are the value before and after, "?" if they are not known: by BPF they are,
	// but for memory that is unmapped just then, and else if the registers tell. What a pointer,
	// a string or a slice in it points to is read when the record is, and not before.
	Old, New           Value
	OldKnown, NewKnown bool

	// Goroutine is the one on whose behalf the thread wrote; its ID is 0 if it had none.
	// Without BPF nobody knows.
	Goroutine      Goroutine
	GoroutineKnown bool

	// Call is the name of the system call for which the kernel wrote, "" if the program's
	// own code did. The kernel copies piece by piece, and each piece is a record.
	Call string

	CondErr error // why it is not known whether the condition was true

	// Stack leads as far as frame pointers do. Records made by the same calls share it: it is
	// not to be changed.
	Stack []Frame
}

// String is one line: what, where, who.
func (r *Record) String() string {
	by := "a goroutine"
	if r.GoroutineKnown {
		by = r.Goroutine.String()
	}
	return fmt.Sprintf("%s -> %s, written by %s at %s", r.Old, r.New, by, r.Place)
}

// Records yields the records in their order, waiting for more until the trace is over and
// everything has been read, or ctx ends: then with its error. Leaving the loop loses
// nothing: the next loop goes on. One goroutine at a time reads.
func (t *Trace) Records(ctx context.Context) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		t.reading.Lock()
		defer func() {
			t.reading.Unlock()
			_ = t.closeReader() // of a file that was only read
		}()
		wait := time.NewTimer(soon)
		defer wait.Stop()
		for pause := soon; ; pause *= 2 {
			over := t.isOver()
			if t.rec.Next(&t.reader.raw) {
				for more := true; more; more = t.rec.Next(&t.reader.raw) {
					if !yield(t.reader.read(t), nil) {
						return
					}
				}
				pause = busy
			}
			if over { // and what was there then has been read
				return
			}
			wait.Reset(min(pause, atLatest))
			select {
			case <-wait.C:
			case <-t.over:
			case <-ctx.Done():
				yield(nil, context.Cause(ctx))
				return
			}
		}
	}
}

// Next returns the next record, nil if there is none at the moment. It does not wait.
func (t *Trace) Next() *Record {
	t.reading.Lock()
	defer func() {
		t.reading.Unlock()
		_ = t.closeReader() // of a file that was only read
	}()
	if !t.rec.Next(&t.reader.raw) {
		return nil
	}
	return t.reader.read(t)
}

// How long it takes until somebody looks for records: nobody is woken for them, since that
// costs the program more than to make one (FACTS B6). The rings hold more than comes in
// atLatest.
const (
	soon     = time.Millisecond
	busy     = 4 * time.Millisecond // where records come: to look costs as much as to read some twenty of them
	atLatest = 10 * time.Millisecond
)

func (t *Trace) isOver() bool {
	select {
	case <-t.over:
		return true
	default:
		return false
	}
}

// reader makes Records of what was recorded. It shares nothing with the session, and so
// works while the program runs, and when it has ended. It is guarded by Trace.reading.
type reader struct {
	w       *Watchpoint
	mem     *traceMemory
	code    *where.Static
	writers *insn.Cache
	stack   int
	raw     record.Record
	number  uint64
	last    []byte // the value that the record before has left
	found   []byte // the same, as it was found in memory
	known   bool   // what last is
	places  map[uint64]Place
	frames  map[uint64][]Frame
	bare    map[uint64]bool       // by program counter, whether its function has no frame there
	stacks  map[uint64]*readStack // by a hash of what they are made of
	pcs     []uint64              // room
	late    bool                  // values are formatted when somebody asks: it takes nothing but their bytes
	start   struct {
		pc   uint64
		name string
	} // of the goroutine of the record before
	env traceEnv
}

// traced is a Record in one piece with the bytes of most values.
type traced struct {
	Record
	room [2 * wordSize]byte
}

// prepare is called while the program is stopped.
func (r *reader) prepare(s *Session, w *Watchpoint, now []byte, stack int) (err error) {
	bi := s.target.BinInfo()
	if r.mem, err = newTraceMemory(s.target.Pid(), bi.Images[0].StaticBase); err != nil {
		return err
	}
	r.w, r.stack, r.code = w, stack, where.NewStatic(bi)
	r.last, r.found, r.known = append([]byte(nil), now...), append([]byte(nil), now...), true
	r.places, r.frames = map[uint64]Place{}, map[uint64][]Frame{}
	r.bare, r.stacks = map[uint64]bool{}, map[uint64]*readStack{}
	r.late = value.Scalar(w.typ)
	r.writers = insn.NewCache(r.mem, r.bounds, maxTracePlaces)
	r.env = traceEnv{r}
	if r.code.Load(bi, s.target.Memory(), r.mem) != nil {
		// It has only been started, and does not have its table yet. Where there is none at all
		// lines are not known.
		if im, err := newImage(r.mem, bi.Images[0].StaticBase); err == nil {
			_ = r.code.Load(bi, im, r.mem)
		}
	}
	return nil
}

// maxTracePlaces bounds what is remembered of places.
const maxTracePlaces = 1 << 14

func (r *reader) bounds(pc uint64) (entry, end uint64, err error) {
	_, entry, end, ok := r.code.Func(pc)
	if !ok {
		return 0, 0, fmt.Errorf("no function is known at %#x", pc)
	}
	return entry, end, nil
}

// read makes a Record of what is in raw.
func (r *reader) read(t *Trace) *Record {
	raw := &r.raw
	r.number++
	made := &traced{Record: Record{Number: r.number, Time: time.Duration(raw.Time - t.began), Thread: raw.TID, GoroutineKnown: raw.Goroutine != record.Unknown}}
	rec := &made.Record
	if rec.GoroutineKnown && raw.Goroutine != 0 {
		rec.Goroutine.ID = raw.Goroutine
		if r.start.pc != raw.StartPC {
			r.start.pc = raw.StartPC
			r.start.name, _, _, _ = r.code.Func(raw.StartPC)
		}
		rec.Goroutine.Start = r.start.name
	}
	var store insn.Store
	at := raw.PC
	switch {
	case raw.Kernel:
		at, rec.PlaceErr = r.call(raw.PC)
		rec.Call = "?"
		if raw.Call >= 0 {
			rec.Call = callName(raw.Call)
		}
	default:
		if store, rec.PlaceErr = storeOf(r.writers, raw, r.w.addr, r.w.size); rec.PlaceErr == nil {
			at = store.PC
		}
	}
	rec.Place = r.place(at)
	met := r.values(made, store)
	switch {
	case raw.Doubtful:
		rec.CondErr = errDoubtful
	case met && r.w.cond != "":
		rec.CondErr = errMet
	}
	if r.stack > 0 {
		rec.Stack = r.stackOf(rec.Place)
	}
	return rec
}

// call is where the system call is behind which pc is.
func (r *reader) call(pc uint64) (uint64, error) {
	at := pc - callLen
	var code [callLen]byte
	if _, err := r.mem.ReadMemory(code[:], at); err != nil || !isCall(code) {
		return pc, errFrame
	}
	return at, nil
}

// values finds out the value before and after: what was found in memory, and in its place
// what the registers say of it, since another thread may have written by the time somebody
// looked. met is whether one had.
func (r *reader) values(rec *traced, store insn.Store) (met bool) {
	raw, size := &r.raw, r.w.size
	now := r.last // what the store leaves as it was
	if raw.HasValues {
		if now = raw.New[:size]; string(raw.Old[:size]) != string(r.found) {
			copy(r.last, raw.Old[:size]) // there were others in between
		}
		copy(r.found, now)
		r.known = true
	}
	var before, after [record.MaxValue]byte
	old := append(before[:0], r.last...)
	rec.OldKnown, rec.NewKnown = r.known, raw.HasValues
	if v, ok := replacedBy(store, raw); ok {
		whole := v.Addr <= r.w.addr && v.Addr+uint64(v.Size) >= r.w.addr+uint64(size)
		old = overlay(after[:size], old, v, r.w.addr)
		rec.OldKnown = rec.OldKnown || whole
	}
	rec.Old = r.value(rec.room[:wordSize], old, rec.OldKnown)
	if v, ok := storedBy(store, raw); ok {
		whole := v.Addr <= r.w.addr && v.Addr+uint64(v.Size) >= r.w.addr+uint64(size)
		now = overlay(after[:size], now, v, r.w.addr)
		rec.NewKnown = rec.NewKnown || r.known || whole
		met = raw.HasValues && string(now) != string(raw.New[:size])
	}
	rec.New = r.value(rec.room[wordSize:], now, rec.NewKnown)
	copy(r.last, now)
	r.known = rec.NewKnown
	return met
}

// value is the value that b is, of which a copy is kept in room, if it is large enough.
func (r *reader) value(room, b []byte, known bool) Value {
	if !known {
		return Value{w: r.w, text: "?"}
	}
	b = append(room[:0:len(room)], b...)
	b = b[:len(b):len(b)]
	if r.late {
		return Value{bytes: b, w: r.w}
	}
	return Value{bytes: b, w: r.w, text: value.Format(r.w.typ, b, r.env)}
}

// place is the place of an instruction.
func (r *reader) place(pc uint64) Place {
	if p, ok := r.places[pc]; ok {
		return p
	}
	if len(r.places) >= maxTracePlaces {
		clear(r.places)
	}
	p := Place(r.code.Calls(pc)[0])
	p.PC = pc
	r.places[pc] = p
	return p
}

func (r *reader) close() error {
	if r.mem == nil {
		return nil
	}
	mem := r.mem
	r.mem = nil
	return mem.close()
}

// traceEnv answers what the bytes of a value do not tell.
type traceEnv struct{ r *reader }

func (e traceEnv) FuncName(pc uint64) string { name, _, _, _ := e.r.code.Func(pc); return name }

func (e traceEnv) ReadMemory(buf []byte, addr uint64) (int, error) {
	return e.r.mem.ReadMemory(buf, addr)
}

// timeOf is the time of a record. The same moment of the two clocks serves for all, so that
// records of several traces are in the order of their writes.
func timeOf(ns int64) time.Time {
	both := clocks()
	return both.at.Add(time.Duration(ns - both.ns))
}

type clockPair struct {
	ns int64
	at time.Time
}

var clocks = sync.OnceValue(func() clockPair { return clockPair{monotonic(), time.Now()} })

// monotonic is the time as records have it.
func monotonic() int64 {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) // cannot fail
	return ts.Nano()
}
