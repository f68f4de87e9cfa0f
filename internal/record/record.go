package record

import (
	"github.com/argusdbg/argus/internal/bpfhit"
	"github.com/argusdbg/argus/internal/perf"
)

const (
	// MaxValue is how many bytes can be recorded: what the slots of a thread hold.
	MaxValue = 32
	// MaxStack is how many frames a record can have.
	MaxStack = perf.MaxStack
)

// Record is one write.
type Record struct {
	Time int64  // CLOCK_MONOTONIC, ns
	TID  int    // as this process knows it
	Addr uint64 // of the point that was hit, one of Config.Points

	// PC is the program counter behind the instruction that wrote, or behind that of the
	// system call for which the kernel did.
	PC uint64
	// Kernel: the kernel wrote, for a system call, or when it prepared a signal's handler.
	Kernel bool
	Call   int // number of the system call; -1 if it was none or is not known

	// Old and New are the value before and after, as far as it is long; HasValues is whether
	// they could be read.
	Old, New  [MaxValue]byte
	HasValues bool
	// Doubtful: the filter could not tell whether it was to be recorded.
	Doubtful bool

	// Goroutine is the id of the goroutine on whose behalf the thread worked, 0 if it had
	// none and Unknown if that could not be found out. StartPC is where it began.
	Goroutine int64
	StartPC   uint64

	Regs    Regs // of the thread in user mode
	HasRegs bool
	// Top is the word at the stack pointer, where functions without a frame have the address
	// that they return to; 0 if it was not recorded.
	Top uint64

	Stack [MaxStack]uint64 // program counters, of which the first is PC
	Depth int              // how many of Stack there are
}

// Unknown is a goroutine that could not be found out.
const Unknown = bpfhit.Unknown

// Goroutines says where a program of Go has its goroutines.
type Goroutines = bpfhit.Goroutines

// Counts say what became of the hits.
type Counts struct {
	Records  uint64 // that [Recorder.Next] has returned
	Filtered uint64 // that the filter, or the counts, did not let through
	Matched  uint64 // that the filter let through, with Config.Matched
	Lost     uint64 // that left no record: see the package comment
	// Throttled is how often the kernel has held events back because there were too many:
	// what was hit meanwhile nobody has counted.
	Throttled uint64
}
