package lanes

import (
	"time"

	"github.com/argusdbg/argus/internal/wpscan"
	"github.com/argusdbg/argus/sched"
)

// settleEvery is how old the figures of Times can be.
const settleEvery = time.Millisecond

// Account is what an entry's account says. Times are those of its threads on a
// processor, added up; Enabled is Running + Clean + Blind to the nanosecond.
type Account struct {
	sched.Times
	Estimate sched.Estimate
	// Failed counts the threads on which it cannot be on now, since others hold their
	// debug registers; Failures how often that came about.
	Failed, Failures int
	// Short: others have held debug registers of one of its threads, now or before.
	// What takes turns there had fewer of them.
	Short bool
	// Where it is now, if it is to be exact, and how often that changed.
	Where Where
	Moves uint64
	// Faults are those on its pages while it was behind guards; Idle those of them that
	// hit no watchpoint: others' data on the same pages.
	Faults, Idle uint64
	// Unproven is why blind intervals are not proven clean; nil if they can be.
	Unproven error
}

// Account returns the figures of an entry. They are at most a millisecond old.
func (b *Board) Account(e *Entry) Account {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case e.final != nil:
		return *e.final
	case e.in == nil:
		return Account{}
	}
	if now := time.Now(); now.Sub(b.settled) >= settleEvery {
		b.settle()
	}
	return b.account(e)
}

// account is what an entry has gone through since it was added, wherever it was.
func (b *Board) account(e *Entry) Account {
	a := b.accountOf(e.in)
	if e.base != nil {
		a.Times = a.Times.Sub(e.base.Times)
		a.Failures -= e.base.Failures
		a.Estimate.Hits = max(a.Estimate.Hits-e.base.Estimate.Hits, 0)
	}
	if e.prior != nil {
		a.Times = a.Times.Add(e.prior.Times)
		a.Failures += e.prior.Failures
		a.Short = a.Short || e.prior.Short
		a.Estimate.Hits += e.prior.Estimate.Hits
	}
	if e.exact {
		a.Where, a.Moves = Slots, e.moves
		switch {
		case b.steps(e):
			a.Where = Steps
		case e.guarded:
			a.Where = PageGuards
		}
		if e.guarded || e.moves > 0 {
			a.Faults, a.Idle = b.faultsOf(e)
		}
	}
	return a
}

func (b *Board) accountOf(m *member) Account {
	a := Account{Times: m.event.Times(), Estimate: m.event.Estimate(),
		Failed: m.group.failed, Failures: m.group.failures, Short: m.group.short, Unproven: b.proofErr}
	switch {
	case m.untracked != nil:
		a.Unproven = m.untracked
	case a.Unproven == nil && m.unjudged > 0 && a.Dirty == m.unjudged:
		// A thread that ends by itself while the process does is not heard of before.
		a.Unproven = wpscan.ErrGone
	}
	if b.adaptive { // it looks where something happens: estimates would be too high
		a.Estimate.Known = false
	}
	return a
}

// Settle brings all accounts up to now, for the last time where the program is about to
// be killed and its memory gone.
func (b *Board) Settle() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.settle()
	for _, ln := range b.lanes {
		ln.left = true
	}
}

// settle brings all accounts up to now.
func (b *Board) settle() {
	if b.closed {
		return
	}
	b.settled = time.Now()
	// First the clocks: what is written between the two must not fall into an interval
	// that begins where it is over already.
	for _, ln := range b.lanes {
		ln.sched.Advance(ln.now())
	}
	if b.scanner != nil { // one scan for all
		b.scanned(b.scanner.Scan())
		b.fresh = true
		defer func() { b.fresh = false }()
	}
	for _, ln := range b.lanes {
		ln.sched.Settle(ln.sched.Now())
	}
}
