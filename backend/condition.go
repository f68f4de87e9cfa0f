package backend

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/glue"
)

// condition evaluates a watchpoint's condition in the event loop, where th is stopped
// and others may run.
func (s *Session) condition(cond string, th *glue.Thread) (bool, error) {
	defer s.forget(th)
	scope, err := s.threadScope(th)
	if err != nil {
		return false, fmt.Errorf("condition %q: %w", cond, err)
	}
	v, err := scope.EvalExpression(cond, proc.LoadConfig{MaxStringLen: 1 << 10})
	if err != nil {
		return false, fmt.Errorf("condition %q: %w", cond, err)
	}
	return boolOf(cond, v)
}

// intOf reads an integer, false if it is none or too large.
func intOf(t godwarf.Type, b []byte) (int64, bool) {
	t = godwarf.ResolveTypedef(t)
	signed := false
	switch t.(type) {
	case *godwarf.IntType, *godwarf.CharType:
		signed = true
	case *godwarf.UintType, *godwarf.UcharType, *godwarf.BoolType, *godwarf.PtrType, *godwarf.AddrType:
	default:
		return 0, false
	}
	var word [8]byte
	if len(b) > 8 || len(b) == 0 {
		return 0, false
	}
	copy(word[:], b)
	u := binary.LittleEndian.Uint64(word[:])
	if signed {
		shift := 64 - 8*uint(len(b))
		return int64(u<<shift) >> shift, true
	}
	return int64(u), u <= math.MaxInt64
}
