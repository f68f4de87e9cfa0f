package backend

import (
	"fmt"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
	"github.com/go-delve/delve/pkg/proc"
)

// wholeEnv is a program as package object sees it.
type wholeEnv struct {
	d       *debuggee
	modules []proc.ModuleData
	fixed   []proc.MemoryMapEntry // memory that nobody can write to: code and constants
}

func newWholeEnv(d *debuggee) (*wholeEnv, error) {
	e := &wholeEnv{d: d}
	var err error
	if e.modules, err = proc.LoadModuleData(d.target.BinInfo(), d.target.Memory()); err != nil {
		return nil, fmt.Errorf("find the program's types: %w", err)
	}
	all, err := d.process.MemoryMap()
	if err != nil {
		return nil, err
	}
	for _, m := range all {
		if m.Filename != "" && !m.Write {
			e.fixed = append(e.fixed, m)
		}
	}
	return e, nil
}

// FuncName is for package value.
func (e *wholeEnv) FuncName(pc uint64) string { return e.d.lines.FuncName(pc) }

// ReadMemory is for packages value and object.
func (e *wholeEnv) ReadMemory(buf []byte, addr uint64) (int, error) {
	return e.d.target.Memory().ReadMemory(buf, addr)
}

// TypeAt is for package object.
func (e *wholeEnv) TypeAt(addr uint64) (godwarf.Type, error) {
	scope := &proc.EvalScope{BinInfo: e.d.target.BinInfo(), Mem: e.d.target.Memory()}
	descriptor, err := scope.EvalExpression(fmt.Sprintf(`*(*"internal/abi.Type")(%#x)`, addr), proc.LoadConfig{})
	if err != nil {
		return nil, fmt.Errorf("the type whose descriptor is at %#x: %w", addr, err)
	}
	t, _, err := proc.RuntimeTypeToDIE(descriptor, 0, e.modules)
	if err != nil {
		return nil, fmt.Errorf("the type whose descriptor is at %#x: %w", addr, err)
	}
	return t, nil
}

// writable reports whether anybody can write to memory: the bytes of a string that is
// written in the source, say, never change.
func (e *wholeEnv) writable(addr uint64) bool {
	for _, m := range e.fixed {
		if addr >= m.Addr && addr-m.Addr < m.Size {
			return false
		}
	}
	return true
}
