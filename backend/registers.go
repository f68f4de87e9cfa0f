package backend

import (
	"cmp"
	"context"
	"slices"
	"strings"
)

// Register is a processor register and its value as text.
type Register struct{ Name, Value string }

// Registers returns the registers of a frame: the program counter and the stack pointer
// first, the others in the processor's order. In frames other than the innermost they
// are what they will be when the calls have returned: those that nobody saved are
// missing. Floating point and vector registers come with floatingPoint alone.
func (s *Session) Registers(ctx context.Context, at Scope, floatingPoint bool) ([]Register, error) {
	var list []Register
	err := s.do(ctx, func() error {
		scope, err := s.scope(at.Goroutine, at.Frame)
		if err != nil {
			return err
		}
		arch := s.target.BinInfo().Arch
		for i := range scope.Regs.CurrentSize() {
			reg := scope.Regs.Reg(uint64(i))
			if reg == nil {
				continue
			}
			name, fp, text := arch.DwarfRegisterToString(i, reg)
			if !fp || floatingPoint {
				list = append(list, Register{Name: name, Value: text})
			}
		}
		return nil
	})
	slices.SortStableFunc(list, func(a, b Register) int { return cmp.Compare(registerRank(a.Name), registerRank(b.Name)) })
	return list, err
}

// registerRank orders registers as Delve does: what DWARF's numbers of amd64 put into
// disorder comes first.
func registerRank(name string) int {
	switch strings.ToLower(name) {
	case "rip", "pc":
		return 0
	case "rsp", "sp":
		return 1
	case "rax":
		return 2
	case "rbx":
		return 3
	case "rcx":
		return 4
	case "rdx":
		return 5
	}
	return 6
}
