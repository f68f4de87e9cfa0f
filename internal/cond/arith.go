package cond

import (
	"math"
	"math/bits"
)

// unary computes an operation on one word.
func (i *instr) unary(x uint64) (uint64, Fault) {
	switch i.op {
	case opAddr:
		if x == 0 {
			return 0, FaultNil
		}
		return x + uint64(i.imm), 0
	case opOffset:
		return x + uint64(i.imm), 0
	case opNarrow:
		return narrow(x, i.size, i.signed), 0
	case opUnsigned:
		if int64(x) < 0 {
			return 0, FaultRange
		}
		return x, 0
	case opDouble:
		if i.size == 4 {
			x = math.Float64bits(float64(math.Float32frombits(uint32(x))))
		}
		return x, finite(x)
	case opFromInt:
		return fromInt(x, i.signed)
	case opNeg:
		least := int64(math.MinInt64)
		if i.size > 0 {
			least >>= 64 - 8*uint(i.size)
		}
		if int64(x) == least { // Delve leaves it what it is
			return 0, FaultRange
		}
		return -x, 0
	case opInvert:
		return ^x, 0
	case opNot:
		return x ^ 1, 0
	case opFloatNeg:
		return x ^ 1<<63, 0
	}
	panic("cond: not an operation on one word")
}

// binary computes an operation on two words.
func (i *instr) binary(x, y uint64) (uint64, Fault) {
	switch i.op {
	case opEqual:
		return truth(x == y), 0
	case opNotEqual:
		return truth(x != y), 0
	case opLess, opLessEqual, opGreater, opGreaterEqual:
		c := order(x, y)
		if i.signed {
			c = order(int64(x), int64(y))
		}
		return truth(compare(i.op - opEqual).holds(c)), 0
	case opFloatCompare:
		return truth(compare(i.imm).holds(order(math.Float64frombits(x), math.Float64frombits(y)))), 0
	case opFloatAdd, opFloatSub, opFloatMul, opFloatQuo:
		return floating(i.op, math.Float64frombits(x), math.Float64frombits(y))
	case opShl, opShr:
		return i.shift(x, y)
	}
	if i.size == 0 {
		return unbounded(i.op, int64(x), int64(y))
	}
	r, fault := i.integer(x, y)
	return narrow(r, i.size, i.signed), fault
}

// integer computes as Go does on numbers of the instruction's size.
func (i *instr) integer(x, y uint64) (uint64, Fault) {
	switch i.op {
	case opAdd:
		return x + y, 0
	case opSub:
		if !i.signed && y > x && y-x > 1<<63 { // Delve takes the absolute value
			return 0, FaultRange
		}
		return x - y, 0
	case opMul:
		return x * y, 0
	case opAnd:
		return x & y, 0
	case opOr:
		return x | y, 0
	case opXor:
		return x ^ y, 0
	case opAndNot:
		return x &^ y, 0
	case opQuo, opRem:
		if y == 0 {
			return 0, FaultDivide
		}
		switch {
		case i.op == opQuo && i.signed:
			return uint64(int64(x) / int64(y)), 0
		case i.op == opQuo:
			return x / y, 0
		case i.signed:
			return uint64(int64(x) % int64(y)), 0
		}
		return x % y, 0
	}
	panic("cond: not an operation on two words")
}

// shift shifts x of the instruction's size.
func (i *instr) shift(x, y uint64) (uint64, Fault) {
	if i.imm == 1 && int64(y) < 0 {
		return 0, FaultRange
	}
	switch {
	case i.op == opShl:
		return narrow(x<<y, i.size, i.signed), 0 // Go's shift of 64 and more gives 0
	case i.signed:
		return uint64(int64(x) >> y), 0
	}
	return x >> y, 0
}

// unbounded computes on numbers without a type, as len gives them: they have no width.
func unbounded(o op, x, y int64) (uint64, Fault) {
	switch o {
	case opAdd:
		if r := x + y; (x < r) == (y > 0) || y == 0 {
			return uint64(r), 0
		}
		return 0, FaultRange
	case opSub:
		if r := x - y; (x > r) == (y > 0) || y == 0 {
			return uint64(r), 0
		}
		return 0, FaultRange
	case opMul:
		hi, lo := bits.Mul64(magnitude(x), magnitude(y))
		if hi != 0 || lo > math.MaxInt64 {
			return 0, FaultRange
		}
		return uint64(x * y), 0
	case opQuo, opRem:
		if x == math.MinInt64 {
			return 0, FaultRange
		}
	}
	i := instr{op: o, size: 8, signed: true}
	return i.integer(uint64(x), uint64(y))
}

func magnitude(x int64) uint64 {
	if x < 0 {
		return -uint64(x)
	}
	return uint64(x)
}
