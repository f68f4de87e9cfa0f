package backend

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/glue"
	"github.com/argusdbg/argus/internal/goroutine"
	"github.com/argusdbg/argus/ptrace"
)

// OnGoroutine watches the accesses of one goroutine alone, by its id: it is [OnGoroutines] with
// a [Selector] that says nothing else.
//
// While there are debug registers for it on all threads such a watchpoint is on all of them,
// and what others do with the memory is counted in [Stats].Others, exactly. Where BPF is
// permitted the kernel does that, and stops nobody for it ([Stats].Selected); otherwise their
// threads stop for as long as it takes to see who they are.
//
// When registers run out these watchpoints hold registers only of the thread that their
// goroutine runs on ([Stats].Switches): four for one goroutine do not keep another from having
// four. What others do is noticed only on that thread then, and what they write elsewhere is
// not told from what the kernel writes unseen (FACTS A7). While the goroutine does not run, no
// time passes for them; a variable on its stack that has changed meanwhile is a hit with
// [Hit].Parked: one that was written with the value that it had is not noticed.
//
// They end when the goroutine does. It may be one that is yet to start, whose end is not
// noticed; one that has ended is a [*GoroutineError].
func OnGoroutine(id int64) WatchOption { return OnGoroutines(Selector{ID: id}) }

// GoroutineError says that a goroutine is not there.
type GoroutineError struct{ ID int64 }

func (e *GoroutineError) Error() string {
	return fmt.Sprintf("there is no goroutine %d (any more)", e.ID)
}

// contexts are the goroutines of a program for which alone there are watchpoints.
type contexts struct {
	crowded  bool                 // there have been too few debug registers for all of them on all threads
	switches *glue.Switches       // nil: there are none
	of       map[uint64]*gcontext // by runtime.g
	on       map[int]*gcontext    // by thread: whose context came there last
}

// gcontext is one of them. The watchpoints for it end with it, and some are its own: on only
// where it runs.
type gcontext struct {
	g       uint64 // its runtime.g
	goid    int64
	watches []*Watchpoint
}

// enterContext makes a watchpoint one that ends with a goroutine, which is there: its runtime.g
// is at g.
func (s *Session) enterContext(w *Watchpoint, g uint64, goid int64) error {
	d := w.of
	if err := s.followSwitches(d); err != nil {
		return fmt.Errorf("watch %s: %w", w.expr, err)
	}
	ctx := d.contexts.of[g]
	if ctx != nil && ctx.goid != goid { // it has ended, which nobody has noticed yet
		ctx.end()
		delete(d.contexts.of, g)
		ctx = nil
	}
	if ctx == nil {
		ctx = &gcontext{g: g, goid: goid}
		d.contexts.of[g] = ctx
	}
	ctx.watches = append(ctx.watches, w)
	w.context = ctx
	if err := d.contexts.switches.Await(ctx.g); err != nil {
		s.leaveContext(w)
		return err
	}
	return nil
}

// leaveContext undoes that.
func (s *Session) leaveContext(w *Watchpoint) {
	ctx, d := w.context, w.of
	if ctx == nil {
		return
	}
	if w.own != 0 {
		d.contexts.switches.Unwant(ctx.g)
	}
	w.context, w.own = nil, 0
	d.contexts.switches.Unawait(ctx.g)
	ctx.watches = slices.DeleteFunc(ctx.watches, func(o *Watchpoint) bool { return o == w })
	if len(ctx.watches) > 0 {
		return
	}
	if d.contexts.of[ctx.g] == ctx {
		delete(d.contexts.of, ctx.g)
	}
	if len(d.contexts.of) == 0 {
		_ = d.contexts.switches.Close() // fails if the process is being killed
		d.contexts = contexts{}
	}
}

func (s *Session) followSwitches(d *debuggee) error {
	if d.contexts.switches != nil {
		return nil
	}
	sw, err := d.process.FollowSwitches(s.switchWay, glue.SwitchObserver{
		Gobuf: d.goroutines.Sched(),
		Comes: func(th *glue.Thread, g uint64) *proc.Breakpoint { return s.comes(d, th, g) },
		Ends:  func(th *glue.Thread, g uint64) *proc.Breakpoint { return s.goroutineEnds(d, th, g) },
		Running: func(th *glue.Thread) uint64 {
			s.useOf(th.Process())
			return s.userOn(th)
		},
	})
	if err != nil {
		return err
	}
	d.contexts = contexts{switches: sw, of: map[uint64]*gcontext{}, on: map[int]*gcontext{}}
	return nil
}

// userOn is the runtime.g of the user's goroutine on whose behalf a stopped thread runs; 0
// if there is none, or if that cannot be known.
func (s *Session) userOn(th *glue.Thread) uint64 {
	regs, err := th.General()
	if err != nil {
		return 0
	}
	user, _, err := s.goroutines.Running(s.target.Memory(), s.gPointer(&regs))
	if err != nil {
		return 0
	}
	return user
}

// liveGoroutine finds a goroutine by its id.
func (s *Session) liveGoroutine(id int64) (goroutine.G, error) {
	gs, err := s.all()
	if err != nil {
		return goroutine.G{}, err
	}
	i := slices.IndexFunc(gs, func(g goroutine.G) bool { return g.ID == id && g.Err == nil && g.Alive() })
	if i < 0 {
		return goroutine.G{}, &GoroutineError{ID: id}
	}
	return gs[i], nil
}

// place is where the context of a goroutine is to be put when something is armed for it: the
// thread that the goroutine is on. What was there before has to be told of again.
func (s *Session) place(d *debuggee, ctx *gcontext) *ptrace.Thread {
	if ctx == nil {
		return nil
	}
	d.unsettle(ctx)
	th := s.on(d, ctx)
	if th != nil {
		d.unsettle(d.contexts.on[th.TID])
		d.contexts.on[th.TID] = ctx
	}
	return th
}

// on is the thread that the goroutine of a context is on; nil: none. All threads are
// stopped.
func (s *Session) on(d *debuggee, ctx *gcontext) *ptrace.Thread {
	for _, t := range d.process.ThreadList() {
		if th := t.(*glue.Thread); s.userOn(th) == ctx.g {
			return th.Held()
		}
	}
	return nil
}

// comes is called when th is about to run the goroutine at g, before its next instruction.
func (s *Session) comes(d *debuggee, th *glue.Thread, at uint64) (stopper *proc.Breakpoint) {
	s.useOf(th.Process())
	ctx := d.contexts.of[at]
	if ctx == nil {
		return nil
	}
	g, err := d.goroutines.One(d.target.Memory(), at)
	if err != nil {
		return nil // being killed
	}
	if g.ID != ctx.goid {
		return ctx.end()
	}
	d.process.Board().Run(th.Held(), ctx.goid)
	s.settles(d, ctx, th)
	for _, w := range ctx.watches {
		if w.local != nil && w.own != 0 && s.writtenWhileParked(w, th, &g) && stopper == nil {
			stopper = w.stops()
		}
	}
	return stopper
}

// settles notes that a context has come to a thread: as long as no other comes there, its
// goroutine need not be stopped when it comes again, unless it has a stack to be compared.
func (s *Session) settles(d *debuggee, ctx *gcontext, th *glue.Thread) {
	tid := th.ThreadID()
	if former := d.contexts.on[tid]; former != nil && former != ctx {
		d.unsettle(former)
	}
	d.contexts.on[tid] = ctx
	if !slices.ContainsFunc(ctx.watches, func(w *Watchpoint) bool { return w.local != nil && w.own != 0 }) {
		_ = d.contexts.switches.Stays(ctx.g, th) // an error: it is told of in vain
	}
}

// unsettle has it told of again wherever the goroutine comes.
func (d *debuggee) unsettle(ctx *gcontext) {
	if ctx == nil || d.contexts.switches == nil {
		return
	}
	if err := d.contexts.switches.Stays(ctx.g, nil); err != nil {
		d.process.Board().Note(err)
	}
}

// goroutineEnds is called where a goroutine is about to end.
func (s *Session) goroutineEnds(d *debuggee, th *glue.Thread, at uint64) *proc.Breakpoint {
	s.useOf(th.Process())
	g, err := d.goroutines.One(d.target.Memory(), at)
	if ctx := d.contexts.of[at]; err == nil && ctx != nil && ctx.goid == g.ID {
		return ctx.end()
	}
	return nil
}

// end ends the watchpoints of a goroutine, and returns what Delve stops for.
func (ctx *gcontext) end() (stopper *proc.Breakpoint) {
	for _, w := range ctx.watches {
		if w.ending() {
			continue
		}
		last := w.seen
		if w.own != 0 {
			w.compare()
		} else if _, err := w.of.target.Memory().ReadMemory(w.now, w.addr); err == nil {
			last = w.now // others may write it, and have not been heard yet
		}
		w.finish(EndGoroutine, fmt.Sprintf("goroutine %d ended", ctx.goid), last)
		if w.call == nil { // whose end no stop tells of
			stopper = w.stops()
		}
	}
	return stopper
}

// missedSwitches notes that goroutines may have run where their watchpoints were not.
func (s *Session) missedSwitches() {
	for _, d := range s.debuggees {
		if d.contexts.switches == nil {
			continue
		}
		if n := d.contexts.switches.Missed(); n > 0 {
			d.process.Board().Note(fmt.Errorf("a thread had SIGCHLD and SIGURG blocked when goroutines came to it, %d times", n))
		}
	}
}

// meant reports whether an access was made by a goroutine that the watchpoint is for. Other
// goroutines' channel operations with a variable on a stack are that goroutine's affair.
func (s *Session) meant(w *Watchpoint, th *glue.Thread, by accessKind) bool {
	id := w.own
	if w.alone() {
		id = w.on.ID
	}
	if id == 0 {
		return s.means(w.chosen, th)
	}
	if by == ofChannel {
		return true
	}
	on, err := s.goroutineIDOn(th)
	return err != nil || on == id // or nobody knows
}

// goroutineIDOn is the id of the goroutine on whose behalf a stopped thread runs, 0 if there is
// none.
func (s *Session) goroutineIDOn(th *glue.Thread) (int64, error) {
	regs, err := th.Held().Registers()
	if err != nil {
		return 0, err
	}
	info, err := s.goroutines.ReadInto(s.target.Memory(), s.gPointer(regs), s.gBuf)
	return info.ID, err
}

// excused reports whether a change without a hit is none of a watchpoint's business: it is
// for a goroutine, and others may write the memory; or the variable is on the stack of one
// that is parked, which will be told of when that runs on.
func (w *Watchpoint) excused(now []byte) bool {
	switch {
	case w.own == 0:
		return false
	case w.local == nil:
		copy(w.seen, now)
		copy(w.last, now)
		return true
	case w.s.on(w.of, w.context) != nil:
		return false
	}
	w.mu.Lock()
	w.untold = true
	w.mu.Unlock()
	return true
}

// writtenWhileParked compares a variable on the stack of a goroutine that is about to run
// on with what it was when that was parked, and tells of a change: a channel operation of
// another goroutine made it (FACTS E3), on a thread where the variable is not watched. It
// reports whether that stops the program.
func (s *Session) writtenWhileParked(w *Watchpoint, th *glue.Thread, g *goroutine.G) (stop bool) {
	if !w.here() {
		return false
	}
	if _, err := s.target.Memory().ReadMemory(w.now, w.addr); err != nil || bytes.Equal(w.now, w.seen) {
		return false
	}
	w.mu.Lock()
	w.hits++
	w.untold = false
	number := w.hits
	w.mu.Unlock()
	defer func() {
		copy(w.seen, w.now)
		copy(w.last, w.now)
	}()
	condErr, report := s.wanted(w, th, w.last, w.now, false)
	if !report {
		return false
	}
	h := &Hit{Watchpoint: w, Number: number, Time: time.Since(s.began), Access: Write, Old: w.value(w.last), New: w.value(w.now),
		Goroutine: Goroutine{ID: g.ID, Start: s.startOf(g.StartPC).Function}, Thread: th.ThreadID(), Parked: true, CondErr: condErr}
	h.Place = s.spotPlace(s.own([]*goroutine.G{g})[0])
	if w.report != nil {
		w.report(h)
		if !h.stop {
			return false
		}
	}
	s.stops = append(s.stops, h)
	return true
}

// errContexts is for what cannot be for one goroutine.
var errContexts = errors.New("a watchpoint is for a goroutine or for a thread, not for both")
