// Package doctor finds out what a machine permits Argus to do: what each lack
// costs, and how to mend it.
//
// # Mechanism
//
// [Examine] tries things rather than believing settings. It starts a small
// program of the system (true, env, cat or sh), holds it by ptrace before its
// first instruction, asks the kernel to tell which of its pages are written,
// counts the debug registers it really gets, and waits for a hit. Perf events and
// BPF programs are tried by those who use them (packages perf and kstop), and the
// driver is asked of who chooses it (package lanes): what is said here is what a
// session gets. Whatever it opens or starts is closed or ended before Examine
// returns; a child ends with the calling process even if that is killed. It takes
// 5 to 30 ms.
//
// Settings (sysctls, capabilities, seccomp) are read only to explain what was
// found. Trying and judging are apart: each check's file has a function that
// tries (attempt) and one that turns the outcome and the settings into a [Check]
// (judge). The latter are pure, and tested against machines that are not there.
//
// # JSON
//
// A [Report] marshals to one object:
//
//	watch       true if Argus can set watchpoints here ([Report.OK])
//	slots       debug registers that a thread gets, 0 to 16
//	slot_bytes  the longest range that one of them watches, in bytes; 0 if there are none
//	verdict     the last line of the text, for people
//	checks      array, one object a check, in the order of the text:
//	  name        one of machine, ptrace, slots, hits, attach, perf, bpf, driver, safe, proof, userfaultfd, go
//	  status      ok, limited, missing or unknown
//	  found       what was found, for people
//	  costs       what a lack costs; "" where nothing lacks
//	  mend        how to mend it; "" where nothing lacks or nothing can be done
//
// All keys are always there. docs/doctor.md says the same to users.
//
// # Who may call
//
// Any goroutine may call Examine, several at once too: each starts children and
// a tracer thread of its own. A Report is not changed once it is returned. There
// are no locks.
package doctor
