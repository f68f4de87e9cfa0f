package backend

import "github.com/go-delve/delve/pkg/proc"

// decoded has Delve decode the instructions that begin from start, where one does, up to
// end. The last one may be cut off there.
//
// The decoder below it panics where the bytes end within what looks like an AVX instruction
// (golang.org/x/arch v0.28.0, decodeAVX), as the rest of another can that was cut: a few
// bytes more are another end.
func (d *debuggee) decoded(start, end uint64) (list []proc.AsmInstruction, err error) {
	for more := range d.longest() {
		err1 := caught(func() (err error) {
			list, err = proc.Disassemble(d.target.Memory(), nil, d.target.Breakpoints(), d.target.BinInfo(), start, end+more)
			return err
		})
		if err1 == nil {
			break
		}
		if list = nil; err == nil {
			err = err1
		}
	}
	if list == nil {
		return nil, err
	}
	for len(list) > 0 && list[len(list)-1].Loc.PC >= end {
		list = list[:len(list)-1]
	}
	return list, nil
}
