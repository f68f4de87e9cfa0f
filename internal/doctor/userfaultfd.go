package doctor

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

const unprivilegedUserfaultfd = "vm.unprivileged_userfaultfd"

// pageFeatures are what page guards are built on (FACTS D5a), with the Linux version
// that brought each (include/uapi/linux/userfaultfd.h).
var pageFeatures = []struct {
	bit          uint64
	name         string
	major, minor int
}{
	{1 << 0, "write protection", 5, 7},
	{1 << 8, "thread ids", 4, 14},
	{1 << 11, "exact addresses", 5, 18},
	{1 << 13, "write protection of unpopulated pages", 6, 4},
}

// userfaultfdOutcome is what came of asking for a userfaultfd.
type userfaultfdOutcome struct {
	all      error  // for faults in user and kernel mode
	user     error  // for those in user mode only; not tried if all is nil
	features uint64 // of either
	api      error  // why features is not known
}

func attemptUserfaultfd() (o userfaultfdOutcome) {
	const userModeOnly = 1 // UFFD_USER_MODE_ONLY
	fd, err := openUserfaultfd(0)
	if o.all = err; err != nil {
		if fd, err = openUserfaultfd(userModeOnly); err != nil {
			o.user = err
			return o
		}
	}
	o.features, o.api = userfaultfdFeatures(fd)
	unix.Close(fd)
	return o
}

func openUserfaultfd(flags uintptr) (int, error) {
	fd, _, e := unix.Syscall(unix.SYS_USERFAULTFD, unix.O_CLOEXEC|unix.O_NONBLOCK|flags, 0, 0)
	if e != 0 {
		return -1, e
	}
	return int(fd), nil
}

func (h host) judgeUserfaultfd(o userfaultfdOutcome) Check {
	c := Check{Name: checkUserfaultfd, Status: StatusMissing, Costs: notYet + "page guards: exact watchpoints beyond the number of debug registers"}
	settings := h.setting(unprivilegedUserfaultfd) + ", " + h.sandbox()
	lacking, since := lackingFeatures(o.features)
	value, known := h.sysctl(unprivilegedUserfaultfd)
	switch {
	case o.all != nil && errors.Is(o.user, unix.ENOSYS):
		c.Found, c.Mend = "the kernel has none", "use a kernel built with CONFIG_USERFAULTFD"
	case o.all != nil && o.user != nil:
		c.Found = "not permitted: " + o.user.Error() + " (" + settings + ")"
		c.Mend = h.mendSandbox("SYS_PTRACE", "userfaultfd")
	case o.api != nil:
		c.Status, c.Found = StatusUnknown, "it can be had, but does not tell its features: "+o.api.Error()
	case len(lacking) > 0:
		c.Status, c.Found = StatusLimited, "without "+strings.Join(lacking, ", ")
		c.Mend = "use Linux " + since + " or later"
	case o.all != nil && known && value == 0:
		c.Status, c.Found = StatusLimited, "for faults in user mode only ("+settings+")"
		c.Mend = "run argus as root or with CAP_SYS_PTRACE, or: sysctl vm.unprivileged_userfaultfd=1"
	case o.all != nil:
		c.Status, c.Found = StatusLimited, "for faults in user mode only: "+o.all.Error()+" ("+settings+")"
		c.Mend = h.mendSandbox("SYS_PTRACE", "userfaultfd")
	default:
		c.Status, c.Found, c.Costs = StatusOK, "with write protection, thread ids and exact addresses", ""
	}
	return c
}

// lackingFeatures names what features lacks, and the Linux version that has it all.
func lackingFeatures(features uint64) (names []string, since string) {
	major, minor := 0, 0
	for _, f := range pageFeatures {
		if features&f.bit != 0 {
			continue
		}
		names = append(names, f.name)
		if f.major > major || f.major == major && f.minor > minor {
			major, minor = f.major, f.minor
		}
	}
	return names, fmt.Sprintf("%d.%d", major, minor)
}
