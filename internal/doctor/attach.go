package doctor

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// The Yama security module's setting (Documentation/admin-guide/LSM/Yama.rst).
const (
	yamaScope = "kernel.yama.ptrace_scope"

	scopeDescendants = 1 // of the tracer, unless it has CAP_SYS_PTRACE
	scopeCapable     = 2 // only with CAP_SYS_PTRACE
	scopeNobody      = 3 // cannot be taken back before a reboot

	mendScopeNobody = "set kernel.yama.ptrace_scope to 1 in /etc/sysctl.d and reboot: the kernel does not take 3 back"
)

// attachOutcome is what came of asking for access to a process that is no child
// of ours.
type attachOutcome struct {
	asked     int  // processes of this user that were tried
	permitted bool // for one of them
}

// attemptAttach asks for access to the ancestors of this process, without
// touching them: to open a process's memory needs the same permission as to
// attach to it (ptrace(2), PTRACE_MODE_ATTACH_FSCREDS; proc_mem_open in
// fs/proc/base.c). Several are asked because one may be protected (non-dumpable).
func attemptAttach(h host) (o attachOutcome) {
	for _, pid := range h.ancestors() {
		f, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
		o.asked++
		if err == nil {
			f.Close()
			o.permitted = true
			return o
		}
	}
	return o
}

// ancestors returns the processes above this one that belong to its user.
func (h host) ancestors() (pids []int) {
	const most = 64 // a chain read while it changes need not end
	pid := "self"
	for range most {
		pid = h.status(pid, "PPid")
		n, err := strconv.Atoi(pid)
		if err != nil || n <= 0 {
			break
		}
		if uids := strings.Fields(h.status(pid, "Uid")); len(uids) > 1 && uids[1] == strconv.Itoa(h.uid) {
			pids = append(pids, n)
		}
	}
	return pids
}

func (h host) judgeAttach(o attachOutcome, launch error) Check {
	capable := h.capable(unix.CAP_SYS_PTRACE)
	scope, _ := h.sysctl(yamaScope)
	c := Check{Name: checkAttach, Costs: "argus attach; argus watch, which starts the program itself, does not need it"}
	facts := h.setting(yamaScope) + ", CAP_SYS_PTRACE " + map[bool]string{true: "held", false: "not held"}[capable] + ", " + h.sandbox()
	switch {
	case launch != nil && denied(launch):
		c.Status, c.Found = StatusMissing, "ptrace is not permitted ("+facts+")"
		c.Costs = "argus attach"
		c.Mend = "as for ptrace above"
	case scope >= scopeNobody:
		c.Status, c.Found, c.Mend = StatusMissing, "to no process ("+facts+")", mendScopeNobody
	case scope == scopeCapable && !capable:
		c.Status, c.Found = StatusMissing, "to no process ("+facts+")"
		c.Mend = "run argus as root, or: sysctl kernel.yama.ptrace_scope=0"
	case scope == scopeDescendants && !capable:
		c.Status, c.Found = StatusLimited, "to processes that argus started itself only ("+facts+")"
		c.Mend = "run argus attach as root, or: sysctl kernel.yama.ptrace_scope=0"
	case o.asked > 0 && !o.permitted:
		c.Status, c.Found = StatusLimited, "refused for processes of this user that argus did not start ("+facts+")"
		c.Mend = h.mendSandbox("SYS_PTRACE", "ptrace")
	default:
		c.Status, c.Costs = StatusOK, ""
		c.Found = "to processes of this user"
		if capable {
			c.Found = "to processes of all users"
		}
		if o.asked == 0 {
			c.Found += ", not tried"
		}
		c.Found += " (" + facts + ")"
	}
	return c
}
