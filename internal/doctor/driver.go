package doctor

import (
	"errors"

	"github.com/argusdbg/argus/internal/kstop"
	"github.com/argusdbg/argus/internal/lanes"
)

// driverOutcome is what came of asking for the ways to arm debug registers.
type driverOutcome struct {
	auto string // the driver that is taken if nobody asks for one
	err  error  // why there is none
	safe error  // why none with which a process survives the death of Argus
}

func attemptDriver() (o driverOutcome) {
	d, err := lanes.Choose("auto", false, false)
	if o.err = err; err == nil {
		o.auto, o.err = d.Name(), d.Close()
	}
	if d, o.safe = lanes.Choose("auto", true, true); o.safe == nil {
		o.safe = d.Close()
	}
	return o
}

func judgeDriver(o driverOutcome, p perfOutcome) Check {
	c := Check{Name: checkDriver}
	switch {
	case o.err != nil:
		c.Status, c.Found = StatusUnknown, "which one is taken was not found out: "+o.err.Error()
	case o.auto != lanes.DriverPtrace:
		c.Status, c.Found = StatusOK, "argus takes "+o.auto+": debug registers are set while the program runs"
	default:
		c.Status, c.Found = StatusLimited, "argus takes "+o.auto
		if p.user != nil {
			c.Found += ": perf gives " + p.user.Error()
		}
		c.Costs = "time where watchpoints take turns: threads are stopped for each change"
		c.Mend = "as for perf above"
	}
	return c
}

func judgeSafe(o driverOutcome) Check {
	c := Check{Name: checkSafe}
	if o.safe == nil {
		c.Status, c.Found = StatusOK, "a process that argus is attached to goes on if argus is killed"
		return c
	}
	c.Status, c.Found = StatusMissing, "a process that argus is attached to may die of its next hit if argus is killed"
	c.Costs = "care: end argus attach by SIGINT or SIGTERM, never by SIGKILL; programs that argus watch started end with it anyway"
	c.Mend = "as for bpf above"
	var d *lanes.DriverError
	var lacking *kstop.UnsupportedError
	switch {
	case errors.As(o.safe, &d) && d.Driver != lanes.DriverSafe:
		c.Mend = "as for perf above"
	case errors.As(o.safe, &lacking) && lacking.Err == nil: // not for want of the kernel
		c.Found, c.Mend = c.Found+": "+lacking.Reason, ""
	}
	return c
}
