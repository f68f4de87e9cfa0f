package backend

import (
	"bytes"
	"errors"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/bpfhit"
	"github.com/argusdbg/argus/internal/cond"
	"github.com/argusdbg/argus/internal/glue"
	"github.com/argusdbg/argus/internal/insn"
	"github.com/argusdbg/argus/internal/kfilter"
	"github.com/argusdbg/argus/ptrace"
)

// ByStop has the condition and the counts of a watchpoint judged, and the goroutine looked at,
// with the thread stopped, also where the kernel could.
func ByStop() WatchOption { return func(o *watchOptions) { o.byStop = true } }

// kernelFilter is what the kernel decides by about a watchpoint's hits (package kfilter).
type kernelFilter struct {
	*kfilter.Filter
	program *cond.Program // the condition, as the kernel has it; nil: there is none
	// undecided is why the kernel decides only whether the goroutine is the one that is meant;
	// nil: it decides about everything.
	undecided error
}

// Reasons why the kernel does not decide.
var (
	errByStop  = errors.New("it was asked for by ByStop")
	errOnStack = errors.New("what lies on a stack can be another variable's: the hit has to be looked at")
	errWide    = errors.New("it takes several debug registers, or none")
	errChosen  = errors.New("it is for some goroutines, which have to be looked at")
	errSwapped = errors.New("there are too few debug registers: it has them only where its goroutine runs")
	errTurns   = errors.New("it takes turns")
)

// Where it is decided who is meant: [Stats].Selected.
const (
	SelectedInKernel = "kernel" // others stop nobody
	SelectedByStop   = "stop"   // a thread stops to be looked at
)

// selectedBy is where that is decided of a watchpoint.
func selectedBy(w *Watchpoint) string {
	switch {
	case w.chosen == nil:
		return ""
	case w.kernel != nil:
		return SelectedInKernel
	}
	return SelectedByStop
}

// filterInKernel gives a watchpoint that has a condition or a count, or is for one goroutine, a
// filter, or notes why it has none. It is for watchpoints that are about to be armed.
func (s *Session) filterInKernel(w *Watchpoint, scope *proc.EvalScope) {
	var f *kernelFilter
	var err error
	if w.cond != "" || w.counted() || w.alone() {
		f, err = s.newFilter(w, scope)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.kernel, w.notKernel = f, err
	if f != nil {
		w.notKernel = f.undecided
	}
	w.inKernel = f != nil && f.undecided == nil
	w.selected = selectedBy(w)
	w.learned = map[uint64]bool{}
}

// compiled is the condition as programs in the kernel take it.
func (h hitCondition) compiled() bpfhit.Comparison { return bpfhit.Comparison{Op: h.op, N: h.n} }

// counted reports whether it depends on their number which hits are reported.
func (w *Watchpoint) counted() bool { return w.every > 1 || w.count != (hitCondition{}) }

func (s *Session) newFilter(w *Watchpoint, scope *proc.EvalScope) (*kernelFilter, error) {
	switch {
	case w.byStop:
		return nil, errByStop
	case w.local != nil:
		return nil, errOnStack
	case w.own != 0:
		return nil, errSwapped
	case w.chosen != nil && !w.alone():
		return nil, errChosen
	case w.whole != nil:
		return nil, errWide
	case w.mode == ModeSampled || w.group != nil:
		return nil, errTurns
	case w.entry == nil || len(w.entry.Points) != 1 || uint64(w.entry.Points[0].Len) != uint64(w.size) || w.entry.Points[0].Addr != w.addr:
		return nil, errWide
	}
	offsets := s.goroutines.Offsets()
	c := kfilter.Config{Addr: w.addr, Size: w.size, Value: w.seen, Matched: w.matched, Every: w.every, Count: w.count.compiled(),
		Goroutines: bpfhit.Goroutines{TLS: s.tlsG, ID: offsets.ID, StartPC: offsets.StartPC, M: offsets.M, Current: offsets.Current, Known: true}}
	f := &kernelFilter{}
	if w.alone() {
		c.Goroutine = w.on.ID
	}
	if w.cond != "" {
		if err := f.compile(w, scope, &c); err != nil {
			if !w.alone() {
				return nil, err
			}
			f.undecided, c.Undecided = err, true
		}
	}
	var err error
	if f.Filter, err = s.process.Board().NewFilter(c); err != nil {
		return nil, err
	}
	return f, nil
}

// compile makes the watchpoint's condition the filter's.
func (f *kernelFilter) compile(w *Watchpoint, scope *proc.EvalScope, c *kfilter.Config) error {
	if scope == nil {
		return errNoScope
	}
	program, err := cond.Compile(w.cond, scope, w.typ)
	if err != nil {
		return err
	}
	c.Condition, err = program.BPF(cond.Kernel{Old: kfilter.Old, New: kfilter.New, Size: w.size, Goroutine: kfilter.Goroutine,
		Thread: kfilter.Thread, Free: kfilter.Free}, kfilter.No, kfilter.Fault)
	if err != nil {
		return err
	}
	c.AboutGoroutine, c.AboutThread = program.AboutGoroutine(), program.AboutThread()
	f.program = program
	return nil
}

// refilter replaces a watchpoint's filter, when its condition has been changed. The program is
// stopped.
func (s *Session) refilter(w *Watchpoint, scope *proc.EvalScope) error {
	w.dropFilter()
	s.use(w.of)
	s.filterInKernel(w, scope)
	return w.of.process.Board().SetFilter(w.entry, w.filter())
}

// filter is for lanes.
func (w *Watchpoint) filter() *kfilter.Filter {
	if w.kernel == nil {
		return nil
	}
	return w.kernel.Filter
}

// dropFilter gives the filter up, when the watchpoint has ended or is to have another. What it
// has counted stays.
func (w *Watchpoint) dropFilter() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.kernel == nil {
		return
	}
	w.freshen()
	copy(w.last, w.seen)
	w.kernel.Close()
	w.filtered += w.kernel.Filtered()
	w.others += w.kernel.Foreign()
	if w.counted() {
		w.matched = w.kernel.Matched()
	}
	w.kernel = nil
}

// match counts a hit that meets the condition, and returns which of those it is.
// Watchpoint.mu is held.
func (w *Watchpoint) match() uint64 {
	if w.kernel != nil {
		return w.kernel.Match()
	}
	w.matched++
	if w.call != nil {
		return w.call.Of.match()
	}
	return w.matched
}

// foreign is how many accesses were made by goroutines that the watchpoint is not for, as far
// as that was noticed. Watchpoint.mu is held.
func (w *Watchpoint) foreign() uint64 {
	if w.kernel == nil {
		return w.others
	}
	return w.others + w.kernel.Foreign()
}

// unstopped is how many hits the kernel has decided to stop nobody for. Watchpoint.mu is held.
func (w *Watchpoint) unstopped() uint64 {
	if w.kernel == nil {
		return w.filtered
	}
	return w.filtered + w.kernel.Filtered()
}

// freshen brings up to date what the value was found to be last.
func (w *Watchpoint) freshen() {
	if w.kernel != nil {
		w.kernel.Last(w.seen)
	}
}

// found notes what is in memory, which nobody has told the kernel's program.
func (w *Watchpoint) found(now []byte) {
	if w.kernel != nil {
		w.kernel.SetLast(now)
	}
}

// settle has the kernel know what is in memory, as it is when nobody has written meanwhile.
func (w *Watchpoint) settle() {
	if w.kernel == nil {
		return
	}
	const patience = 100 // a write takes far longer than to look for one
	now := w.now
	for range patience {
		w.found(now)
		var again [8]byte
		b := again[:w.size]
		if _, err := w.of.target.Memory().ReadMemory(b, w.addr); err != nil || bytes.Equal(b, now) {
			return
		}
		copy(now, b)
	}
}

// heard takes over what the kernel has found out about a hit: the value before, and whether
// the hit has been judged.
func (s *Session) heard(w *Watchpoint, th *glue.Thread) (judged bool) {
	if w.kernel == nil {
		return false
	}
	v, asked := s.process.Board().Verdict(w.entry, th.Held())
	if asked {
		copy(w.last, v.Old[:])
	} else {
		w.kernel.Last(w.last)
	}
	return v.Judged
}

// learn tells the kernel how accesses are made from where a thread stands, if what the
// condition means there is what the kernel evaluates.
func (w *Watchpoint) learn(regs *ptrace.Regs, store insn.Store) {
	if w.kernel == nil || w.kernel.program == nil {
		return
	}
	pc := regs.PC()
	here := w.when.At(pc)
	if here == nil || w.learned[pc] || !here.Same(w.kernel.program) {
		return
	}
	from, old := store.Sources()
	v, told := written(store, regs)
	if told && (from.Origin == insn.Nowhere || v.Addr != w.addr) {
		return
	}
	if v, told := oldValue(store, regs); told && (old.Origin == insn.Nowhere || v.Addr != w.addr) {
		return
	}
	if w.kernel.Learn(pc, from, old) {
		w.learned[pc] = true
	}
}

// InKernel reports whether the kernel decides which hits stop the thread that makes them, for
// as long as the watchpoint has a debug register to itself. why is the reason if not.
func (w *Watchpoint) InKernel() (in bool, why string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.inKernel:
		return true, ""
	case w.notKernel != nil:
		return false, w.notKernel.Error()
	}
	return false, "there is nothing to decide"
}
