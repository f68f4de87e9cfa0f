// Package heap finds objects on the target's garbage-collected heap, and tells whether the
// collector is about to free them.
//
// # Mechanism
//
// What the runtime knows of an address it finds as runtime.spanOf does: arena, page, span.
// A span is pages that hold objects of one size, or one large object; which of them are
// allocated is in its allocBits and freeindex, and which of them the collector has found
// alive in mark bits, until the span is swept and those become the allocBits.
//
// Objects die in one moment of a cycle: when marking has ended (runtime.gcMark returns,
// with the world stopped) everything that is not marked is free, though it takes until its
// span is swept for the memory to be used again. Whoever asks [Heap.Fate] at each of these
// moments is told in time. Two things keep an unmarked object: a finalizer, which is to be
// called with it, and that it is younger than the last marking. The runtime marks what is
// allocated while it marks, so that the second never is the case at that moment.
//
// Mark bits are in two places. The Green Tea collector (a GOEXPERIMENT of Go 1.25, the
// default since 1.26) keeps those of small objects at the end of their page, and
// heapArena.pageUseSpanInlineMarkBits tells for which; all others are where gcmarkBits of
// the span points to.
//
// Small objects without pointers share blocks of 16 bytes (the tiny allocator). The
// collector frees a block when all of them are dead, and nobody else gets a part of it
// before: an [Object] is the block.
//
// Offsets come from the target's own debug information, and the constants too. A runtime
// that has none of what is looked for gives an [UnknownError].
//
// # What it does not know
//
// Memory that is freed without the collector: arenas of package arena, and objects that
// the compiler frees early (GOEXPERIMENT=runtimefreegc; off in Go 1.26). [Object.Managed]
// tells of the first.
//
// # Who may call
//
// A Heap has no state but what New has found and may be used from any goroutine. The
// target is stopped, or what is read is of no moment.
package heap
