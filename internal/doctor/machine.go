package doctor

import (
	"fmt"
	"strings"
)

func (h host) judgeMachine() Check {
	c := Check{Name: checkMachine, Status: StatusOK,
		Found: fmt.Sprintf("Linux %s, %s, %s", h.release, h.arch, count(h.cpus, "processor"))}
	if h.virtual() {
		c.Status = StatusLimited
		c.Found += ", in a virtual machine"
		c.Costs = "time, nothing else: a debug exception is several times dearer than on the bare machine, so programs that hit often run slower"
		c.Mend = "run on the bare machine if speed matters"
	}
	if h.arch != "amd64" {
		c.Status = StatusLimited
		c.Costs = "certainty: this version is built for " + h.arch + " but not tested on it"
		c.Mend = "use x86-64 where results must be relied on"
	}
	return c
}

// virtual reports whether the processor says that it runs under a hypervisor
// (x86: CPUID 1, ECX bit 31; arm64 has no such sign).
func (h host) virtual() bool {
	for line := range strings.Lines(h.read("proc/cpuinfo")) {
		if name, flags, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "flags" {
			for _, f := range strings.Fields(flags) {
				if f == "hypervisor" {
					return true
				}
			}
			return false
		}
	}
	return false
}
