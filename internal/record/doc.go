// Package record takes down every write to some bytes of a process, without stopping it.
//
// # Mechanism
//
// A [Recorder] has perf events on the bytes, in a slot of every thread; threads that begin
// later inherit them. What happens at a hit is a source's business:
//
//   - bpf (program.go): a BPF program runs in the thread that wrote, before its next
//     instruction. It notes the time, the thread, its registers, the goroutine, the value
//     before and after, and the stack (walk.go), in one ring for all processors (FACTS B7).
//   - samples (samples.go): where BPF is not permitted, the kernel's own samples of the
//     same events, in a ring for each processor. They have no values and no goroutine.
//     The registers often tell what was written (package insn): that is for the caller.
//
// Nobody is woken at a hit: to wake somebody would cost the thread more than the hit
// (FACTS B6). Whoever reads comes to look ([Recorder.Next]), and the rings hold what comes
// in between. There is no goroutine here, and a record is decoded without allocating.
//
// # What is not recorded
//
// Every hit is counted by the kernel, whatever becomes of it. What has been counted and
// left no record is [Counts.Lost]: because a ring was full, and because the kernel leaves
// programs out for an instant now and then (bpf_prog_active in kernel/events/core.c). It is
// known while the program runs as far as rings tell, and exactly once [Recorder.Stop] has
// been called and everything has been read. A hit that the processor reports without a
// cause (FACTS A12) is in no count, nor is one that it does not report (A12a): whoever stops
// all threads can compare what they have left with what the last hit has found
// ([Recorder.There]).
//
// A store that is seen by several of the events, because it is wider than a slot, is one
// record.
//
// With several threads that write at once a record's value is what was there when the
// program looked: another thread may have written meanwhile. What is said to have been
// there before is what the record before it has found, whatever the order in which they
// got into the ring. The kernel makes copies piece by piece, and each is a record.
//
// # Who may call
//
// [Open] is called with all threads of the process stopped, or those that start meanwhile
// are missed (FACTS B8a). Next is for one goroutine at a time; everything else may be
// called from any. One lock stands above the rings, held for as long as a record takes.
package record
