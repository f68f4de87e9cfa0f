package doctor

import "fmt"

// Status says how much of something a machine has.
type Status string

// All there are.
const (
	StatusOK      Status = "ok"      // everything of it
	StatusLimited Status = "limited" // part of it
	StatusMissing Status = "missing" // nothing of it
	StatusUnknown Status = "unknown" // it could not be tried
)

// Check is the outcome of one examination.
type Check struct {
	Name   string `json:"name"` // one word
	Status Status `json:"status"`
	Found  string `json:"found"` // what was found
	Costs  string `json:"costs"` // what a lack costs; "" if nothing lacks
	Mend   string `json:"mend"`  // how to mend it; "" if nothing lacks or nothing can be done
}

// Report is everything that was found.
type Report struct {
	Watch     bool    `json:"watch"`      // Argus can set watchpoints here
	Slots     int     `json:"slots"`      // debug registers that a thread gets for data
	SlotBytes int     `json:"slot_bytes"` // the longest range that one of them watches; 0 if there are none
	Verdict   string  `json:"verdict"`    // one sentence
	Checks    []Check `json:"checks"`
}

// OK reports whether Argus can watch here at all.
func (r *Report) OK() bool { return r.Watch }

// Check returns the check of that name, or nil.
func (r *Report) Check(name string) *Check {
	for i := range r.Checks {
		if r.Checks[i].Name == name {
			return &r.Checks[i]
		}
	}
	return nil
}

// needed are the checks without which nothing can be watched, in the order in
// which they build on each other.
var needed = []string{checkPtrace, checkSlots, checkHits}

// conclude fills in what follows from the checks.
func (r *Report) conclude() {
	r.Watch = true
	for _, name := range needed {
		switch c := r.Check(name); c.Status {
		case StatusMissing:
			r.Watch = false
			r.Verdict = fmt.Sprintf("Argus cannot watch here: %s.", c.Found)
			return
		case StatusUnknown:
			r.Watch = false
			r.Verdict = fmt.Sprintf("Whether Argus can watch here is not known: %s.", c.Found)
			return
		}
	}
	r.Verdict = fmt.Sprintf("Argus can watch here: %s of up to %d bytes at a time, and more that take turns.", count(r.Slots, "watchpoint"), r.SlotBytes)
}

// count is "1 watchpoint", "2 watchpoints".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
