package bpfhit

import (
	"strings"
	"sync"

	"github.com/cilium/ebpf/asm"
)

// fields are the places that were asked for: they stay where they are until the machine is
// started again.
var fields sync.Map

// TaskField is where the kernel has a field of struct task_struct, in bytes, by the names
// on the way to it; -1 if it does not tell its types, or has no such field.
func TaskField(path ...string) int {
	key := strings.Join(path, ".")
	if at, known := fields.Load(key); known {
		return at.(int)
	}
	at := -1
	t, release, err := kernelTypes()
	if err == nil {
		at = t.field("task_struct", path)
	}
	release()
	fields.Store(key, at)
	return at
}

// taskWord reads a word of the running thread's struct task_struct, at an offset, into one of
// the stack; it goes to label if that cannot be read.
func taskWord(offset int, slot int16, label string) asm.Instructions {
	return asm.Instructions{
		asm.FnGetCurrentTask.Call(),
		asm.Mov.Reg(asm.R3, asm.R0),
		asm.Add.Imm(asm.R3, int32(offset)),
		asm.Mov.Reg(asm.R1, asm.RFP),
		asm.Add.Imm(asm.R1, int32(slot)),
		asm.Mov.Imm(asm.R2, 8),
		asm.FnProbeReadKernel.Call(),
		asm.JNE.Imm(asm.R0, 0, label),
	}
}
