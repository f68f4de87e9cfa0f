package cond

import "math"

// Delve computes with fractions of any length. A program computes with floats where these
// give the very same, which the rounding error tells, and leaves the rest to Delve.

// finite fails for infinities and what is no number: Delve does not compute with them.
func finite(x uint64) Fault {
	if x>>52&0x7ff == 0x7ff {
		return FaultFloat
	}
	return 0
}

func fromInt(x uint64, signed bool) (uint64, Fault) {
	const exact = 1 << 53
	if signed {
		if n := int64(x); n < -exact || n > exact {
			return 0, FaultFloat
		}
		return math.Float64bits(float64(int64(x))), 0
	}
	if x > exact {
		return 0, FaultFloat
	}
	return math.Float64bits(float64(x)), 0
}

// floating computes if the result is exact.
func floating(o op, x, y float64) (uint64, Fault) {
	var r float64
	exact := false
	switch o {
	case opFloatSub:
		y = -y
		fallthrough
	case opFloatAdd:
		// Knuth, The Art of Computer Programming, volume 2, section 4.2.2, theorem B.
		r = x + y
		b := r - x
		exact = (x-(r-b))+(y-b) == 0
	case opFloatMul:
		r = x * y
		exact = math.FMA(x, y, -r) == 0 && comfortable(r, x == 0 || y == 0)
	case opFloatQuo:
		if y == 0 {
			return 0, FaultDivide
		}
		r = x / y
		exact = math.FMA(r, y, -x) == 0 && comfortable(r, x == 0) && comfortable(x, x == 0)
	}
	bits := math.Float64bits(r)
	if !exact {
		return 0, FaultFloat
	}
	return bits, finite(bits)
}

// comfortable reports whether a result, or what is divided, is so large that a rounding
// error in it is a number too. zero is whether it is exactly 0.
func comfortable(r float64, zero bool) bool {
	const small = 0x1p-900
	return zero || math.Abs(r) > small
}
