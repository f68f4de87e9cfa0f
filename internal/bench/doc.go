// Command bench measures Argus beside Delve, GDB, the least that a debugger can do, and
// the kernel's own count, by turns in one run.
//
//	go run ./internal/bench [-case REGEXP] [-times N] [-for 500ms] [-wall] [-json FILE] [-svg FILE]
//		[-markdown FILE] [-programs DIR] [-list]
//
// It prints medians with the least and the greatest, ratios, and what became of the goals
// that were set. Compare ratios: what the processor and the kernel take differs by a
// factor of ten between machines, and everything else that a machine does is in the
// figures.
//
// # Who is measured
//
//   - argus: package backend, as a library.
//   - delve: pkg/proc on its native backend, as a library, of the version in go.mod.
//   - gdb: the program, driven by a script, where it is installed.
//   - floor: wait4 and PTRACE_CONT, and nothing that is not needed. At a breakpoint also
//     the registers and a PTRACE_SINGLESTEP.
//   - kernel: a perf event that counts, on a program that nobody traces.
//   - nobody: the program alone, beside which others watch something.
//
// Who cannot do something says why, and has no figure: a lack of permission is such a
// reason. What went wrong (failed) is another thing, and makes the exit status 1 if it was
// Argus: GDB loses its way in a Go program now and then, and one that the kernel counts in
// while nobody traces it dies of a debug exception without a cause (FACTS A12). Status 2 is
// wrong use, 130 an interruption.
//
// # Mechanism
//
// A case (cases.go) has a function for each tool. Each measurement is a process of its own:
// this command, started again with "turn" as its first argument (turn.go), so that no tool
// finds what another has left in memory, memory can be measured, and what hangs can be
// ended. Tools come by turns, in another order each time, so that whatever else the
// machine does hits them alike; ratios are made of the figures of one turn.
//
// What is measured by hits is the program hot, which measures itself: the time in which it
// comes to one line again and again, without its start and that of the debugger. It ends
// after a time, not after a number of hits, because tools differ by a factor of a hundred.
// Of what a debugger was to tell of the share is printed that it did tell of ("seen"): a
// hit that is lost is no fast one.
//
// Where one thread is measured, tool and program are on one processor: whether a wake-up
// goes to another is luck, and costs more than all the rest (FACTS C1). What is compared
// is then the processor time of both together: on an idle machine it is the time that
// passes, and on a busy one the only thing that can be compared. Who would sleep looks
// better by it than he is, so the time that passes is printed too, and -wall compares
// that. Where any processor may be used it is what is compared.
//
// # Processes
//
// Only the goroutine of main runs anything, locked to the leading thread, as ptrace wants
// it. A turn has a deadline. After each the command kills what that has left behind
// (package orphans).
package main
