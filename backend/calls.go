package backend

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// calls names the system calls that write to the caller's memory, and some that read it:
// those that both architectures have.
var calls = map[int]string{
	unix.SYS_READ: "read", unix.SYS_PREAD64: "pread64", unix.SYS_READV: "readv", unix.SYS_PREADV: "preadv", unix.SYS_PREADV2: "preadv2",
	unix.SYS_RECVFROM: "recvfrom", unix.SYS_RECVMSG: "recvmsg", unix.SYS_RECVMMSG: "recvmmsg",
	unix.SYS_WRITE: "write", unix.SYS_PWRITE64: "pwrite64", unix.SYS_WRITEV: "writev", unix.SYS_PWRITEV: "pwritev",
	unix.SYS_SENDTO: "sendto", unix.SYS_SENDMSG: "sendmsg", unix.SYS_SENDMMSG: "sendmmsg",
	unix.SYS_IOCTL: "ioctl", unix.SYS_FCNTL: "fcntl", unix.SYS_GETDENTS64: "getdents64", unix.SYS_GETCWD: "getcwd",
	unix.SYS_READLINKAT: "readlinkat", unix.SYS_FSTAT: "fstat", unix.SYS_STATX: "statx", unix.SYS_STATFS: "statfs", unix.SYS_FSTATFS: "fstatfs",
	unix.SYS_GETXATTR: "getxattr", unix.SYS_LISTXATTR: "listxattr",
	unix.SYS_PIPE2: "pipe2", unix.SYS_SOCKETPAIR: "socketpair", unix.SYS_ACCEPT: "accept", unix.SYS_ACCEPT4: "accept4",
	unix.SYS_GETSOCKNAME: "getsockname", unix.SYS_GETPEERNAME: "getpeername", unix.SYS_GETSOCKOPT: "getsockopt",
	unix.SYS_PPOLL: "ppoll", unix.SYS_PSELECT6: "pselect6", unix.SYS_EPOLL_PWAIT: "epoll_pwait", unix.SYS_EPOLL_PWAIT2: "epoll_pwait2",
	unix.SYS_EPOLL_CTL: "epoll_ctl", unix.SYS_FUTEX: "futex",
	unix.SYS_CLOCK_GETTIME: "clock_gettime", unix.SYS_CLOCK_GETRES: "clock_getres", unix.SYS_GETTIMEOFDAY: "gettimeofday",
	unix.SYS_NANOSLEEP: "nanosleep", unix.SYS_CLOCK_NANOSLEEP: "clock_nanosleep", unix.SYS_TIMERFD_GETTIME: "timerfd_gettime",
	unix.SYS_TIMERFD_SETTIME: "timerfd_settime", unix.SYS_TIMER_CREATE: "timer_create", unix.SYS_SETITIMER: "setitimer", unix.SYS_GETITIMER: "getitimer",
	unix.SYS_TIMES: "times", unix.SYS_GETRUSAGE: "getrusage", unix.SYS_GETRLIMIT: "getrlimit", unix.SYS_PRLIMIT64: "prlimit64",
	unix.SYS_SYSINFO: "sysinfo", unix.SYS_UNAME: "uname", unix.SYS_GETRANDOM: "getrandom", unix.SYS_GETCPU: "getcpu",
	unix.SYS_GETGROUPS: "getgroups", unix.SYS_GETRESUID: "getresuid", unix.SYS_GETRESGID: "getresgid", unix.SYS_PRCTL: "prctl",
	unix.SYS_SCHED_GETAFFINITY: "sched_getaffinity", unix.SYS_WAIT4: "wait4", unix.SYS_WAITID: "waitid",
	unix.SYS_RT_SIGACTION: "rt_sigaction", unix.SYS_RT_SIGPROCMASK: "rt_sigprocmask", unix.SYS_RT_SIGPENDING: "rt_sigpending",
	unix.SYS_RT_SIGTIMEDWAIT: "rt_sigtimedwait", unix.SYS_SIGALTSTACK: "sigaltstack",
	unix.SYS_KILL: "kill", unix.SYS_TKILL: "tkill", unix.SYS_TGKILL: "tgkill", // the frame of a handler
	unix.SYS_IO_GETEVENTS: "io_getevents", unix.SYS_IO_SUBMIT: "io_submit", unix.SYS_PROCESS_VM_READV: "process_vm_readv",
	unix.SYS_COPY_FILE_RANGE: "copy_file_range", unix.SYS_SENDFILE: "sendfile", unix.SYS_SPLICE: "splice", unix.SYS_BPF: "bpf",
	unix.SYS_PERF_EVENT_OPEN: "perf_event_open", unix.SYS_CLONE: "clone", unix.SYS_CLONE3: "clone3", unix.SYS_EXECVE: "execve",
	unix.SYS_MINCORE: "mincore", unix.SYS_MQ_TIMEDRECEIVE: "mq_timedreceive", unix.SYS_MSGRCV: "msgrcv",
}

// callName is the name of a system call.
func callName(number int) string {
	if name := calls[number]; name != "" {
		return name
	}
	return fmt.Sprintf("number %d", number)
}
