package doctor

import (
	"errors"
	"strings"

	"github.com/argusdbg/argus/internal/wpscan"
	"github.com/argusdbg/argus/ptrace"
)

// attemptProof has the kernel keep track of a child's written pages.
func attemptProof(g *ptrace.Tracees, th *ptrace.Thread) error {
	s, err := wpscan.Open(g, th)
	if err != nil {
		return err
	}
	return s.Close()
}

func (h host) judgeProof(o childOutcome) Check {
	c := Check{Name: checkProof, Status: StatusMissing}
	c.Costs = "the coverage covered: a watchpoint that takes turns is partial even if nothing was written while it was off"
	var forbidden *wpscan.NotPermittedError
	var lacking *wpscan.NotSupportedError
	switch {
	case o.launch != nil:
		c.Status, c.Found, c.Costs = StatusUnknown, "not tried, because no program could be held", ""
	case o.proof == nil:
		c.Status, c.Costs = StatusOK, ""
		c.Found = "the kernel tells which memory was written while a watchpoint was off"
	case errors.As(o.proof, &forbidden):
		c.Found = "not permitted: " + forbidden.Reason + " (" + h.sandbox() + ")"
		c.Mend = h.mendSandbox("SYS_PTRACE", "userfaultfd and pidfd_getfd")
	case errors.As(o.proof, &lacking):
		c.Found, c.Mend = lacking.Reason, "use Linux 6.7 or later, built with CONFIG_USERFAULTFD"
		if !strings.Contains(c.Found, h.release) {
			c.Found += " (this is " + h.release + ")"
		}
	default:
		c.Status, c.Found = StatusUnknown, "trying it failed: "+o.proof.Error()
	}
	return c
}
