package ptrace

// SetStepping has every thread of a process that is resumed stop behind each instruction,
// with an event Trapped, or lets them run again. All threads are stopped. [Thread.From] tells
// where the instruction is. It makes a program some thousand times slower, and a thread
// that is being stepped dies with the tracer.
func (p *Process) SetStepping(on bool) { p.stepping = on }

// Stepping reports whether threads are resumed for one instruction at a time.
func (p *Process) Stepping() bool { return p.stepping }

// Stepped reports whether the thread was last let go for one instruction, or for one step
// into the handler of a signal.
func (th *Thread) Stepped() bool { return th.single }

// From returns the address of the instruction for which the thread was last let go; known
// is false if that was for more than one, or to enter a signal's handler.
func (th *Thread) From() (pc uint64, known bool) { return th.from, th.fromKnown }

// What PUSHF and POPF of x86 end with: see [Thread.flagsAhead].
const (
	pushFlags = 0x9C
	popFlags  = 0x9D
)

// aim notes where a thread is that is about to be resumed by req with a signal, and says
// which request it is to be.
//
// An instruction is the same one until its trap is reported: PTRACE_INTERRUPT is served before
// that, see fetchTraps.
func (th *Thread) aim(req, sig int) int {
	if req == reqListen {
		return req
	}
	stepped := req == reqCont && th.Proc.stepping && !th.Embryo && !th.leaving
	if stepped {
		req = reqSingleStep
	}
	if th.due && !th.atSignal && sig == 0 && req == reqSingleStep {
		if th.aheadOfPop() { // its trap is pending
			return reqCont
		}
		return req
	}
	var ahead byte
	for popped := stepped; popped; {
		if ahead, popped = th.flagsAhead(), false; ahead == popFlags {
			_, popped = th.pop()
		}
	}
	th.single, th.fromKnown = req == reqSingleStep, false
	th.due = th.single
	th.pushes = ahead == pushFlags && sig == 0
	if th.single && sig == 0 {
		if r, err := th.Registers(); err == nil {
			th.from, th.fromKnown = r.PC(), true
		}
	}
	return req
}
