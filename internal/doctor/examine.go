package doctor

import (
	"context"
	"time"

	"github.com/argusdbg/argus/hwbp"
	"github.com/argusdbg/argus/internal/kstop"
	"github.com/argusdbg/argus/ptrace"
)

// Names of the checks.
const (
	checkMachine     = "machine"
	checkPtrace      = "ptrace"
	checkSlots       = "slots"
	checkHits        = "hits"
	checkAttach      = "attach"
	checkPerf        = "perf"
	checkBPF         = "bpf"
	checkDriver      = "driver"
	checkSafe        = "safe"
	checkProof       = "proof"
	checkUserfaultfd = "userfaultfd"
	checkGo          = "go"
)

// deadline bounds everything that is waited for. What works takes milliseconds.
const deadline = 3 * time.Second

// outcome is what all attempts came to.
type outcome struct {
	child       childOutcome
	attach      attachOutcome
	perf        perfOutcome
	bpf         error
	driver      driverOutcome
	userfaultfd userfaultfdOutcome
	golang      goOutcome
}

// Examine tries out what this machine permits the calling process to do. It
// always returns a whole report: what ctx's end, or its own deadline of three
// seconds, kept it from trying has the status unknown.
func Examine(ctx context.Context) *Report {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	h := thisHost()
	limits := ptrace.Limits()
	program := findProgram(h)
	return h.report(limits, outcome{
		child:       attemptChild(ctx, program, limits),
		attach:      attemptAttach(h),
		perf:        attemptPerf(ctx),
		bpf:         kstop.Probe(),
		driver:      attemptDriver(),
		userfaultfd: attemptUserfaultfd(),
		golang:      attemptGo(ctx),
	})
}

func (h host) report(limits hwbp.Limits, o outcome) *Report {
	r := &Report{Slots: o.child.slots, Checks: []Check{
		h.judgeMachine(),
		h.judgePtrace(o.child.launch),
		h.judgeSlots(limits, o.child),
		h.judgeHits(o.child),
		h.judgeAttach(o.attach, o.child.launch),
		h.judgePerf(o.perf),
		h.judgeBPF(o.bpf),
		judgeDriver(o.driver, o.perf),
		judgeSafe(o.driver),
		h.judgeProof(o.child),
		h.judgeUserfaultfd(o.userfaultfd),
		judgeGo(o.golang),
	}}
	if r.Slots > 0 {
		r.SlotBytes = longest(limits)
	}
	r.conclude()
	return r
}

// longest returns the length of the longest data point.
func longest(l hwbp.Limits) int {
	for n := uint8(15); n > 0; n-- {
		if l.HasLen(n) {
			return int(n)
		}
	}
	return 0
}
