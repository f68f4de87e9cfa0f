package cond

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func TestFloatingIsExact(t *testing.T) {
	some := rapid.OneOf(rapid.Float64(), rapid.Map(rapid.IntRange(-1<<20, 1<<20), func(n int) float64 { return float64(n) / 64 }),
		rapid.SampledFrom([]float64{0, 1, -1, math.MaxFloat64, math.SmallestNonzeroFloat64, 0x1p-1022, 0x1p-600, 0x1p900, 3, 1.0 / 3}))
	exact := 0
	rapid.Check(t, func(t *rapid.T) {
		x, y := some.Draw(t, "x"), some.Draw(t, "y")
		o := rapid.SampledFrom([]op{opFloatAdd, opFloatSub, opFloatMul, opFloatQuo}).Draw(t, "operation")
		bits, fault := floating(o, x, y)
		if fault != 0 {
			if o == opFloatQuo && y == 0 && fault != FaultDivide {
				t.Fatalf("%v", fault)
			}
			return
		}
		exact++
		a, b := new(big.Rat).SetFloat64(x), new(big.Rat).SetFloat64(y)
		r := new(big.Rat)
		switch o {
		case opFloatAdd:
			r.Add(a, b)
		case opFloatSub:
			r.Sub(a, b)
		case opFloatMul:
			r.Mul(a, b)
		case opFloatQuo:
			r.Quo(a, b)
		}
		if got := new(big.Rat).SetFloat64(math.Float64frombits(bits)); got == nil || got.Cmp(r) != 0 {
			t.Fatalf("%v and %v: %v", x, y, math.Float64frombits(bits))
		}
	})
	if exact == 0 {
		t.Error("nothing was exact")
	}
}

func TestFloatingDecides(t *testing.T) {
	for _, c := range []struct {
		o          op
		x, y, want float64
		fault      Fault
	}{
		{opFloatAdd, 1.5, 2.25, 3.75, 0}, {opFloatSub, 1, 1, 0, 0}, {opFloatMul, 0.5, 3, 1.5, 0}, {opFloatQuo, 3, 4, 0.75, 0}, {opFloatMul, 0, 3, 0, 0}, {opFloatQuo, 0, 3, 0, 0},
		{opFloatAdd, 1, 1e-30, 0, FaultFloat}, {opFloatQuo, 1, 3, 0, FaultFloat}, {opFloatMul, 0.1, 0.1, 0, FaultFloat}, {opFloatQuo, 1, 0, 0, FaultDivide}, {opFloatMul, 1e200, 1e200, 0, FaultFloat},
		{opFloatQuo, 5e-324, 3.132146144639292e-53, 0, FaultFloat}, {opFloatMul, 1e-200, 1e-200, 0, FaultFloat},
	} {
		bits, fault := floating(c.o, c.x, c.y)
		if fault != c.fault || fault == 0 && math.Float64frombits(bits) != c.want {
			t.Errorf("%d: %v, %v: %v, %v", c.o, c.x, c.y, math.Float64frombits(bits), fault)
		}
	}
}

func TestUnbounded(t *testing.T) {
	interesting := rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{0, 1, -1, math.MaxInt64, math.MinInt64, 1 << 32, -1 << 32, 3}))
	rapid.Check(t, func(t *rapid.T) {
		x, y := interesting.Draw(t, "x"), interesting.Draw(t, "y")
		o := rapid.SampledFrom([]op{opAdd, opSub, opMul, opQuo, opRem}).Draw(t, "operation")
		got, fault := unbounded(o, x, y)
		a, b, r := big.NewInt(x), big.NewInt(y), new(big.Int)
		switch {
		case o == opAdd:
			r.Add(a, b)
		case o == opSub:
			r.Sub(a, b)
		case o == opMul:
			r.Mul(a, b)
		case y == 0:
			if fault != FaultDivide && x != math.MinInt64 {
				t.Fatalf("%d by 0: %v", x, fault)
			}
			return
		case o == opQuo:
			r.Quo(a, b)
		default:
			r.Rem(a, b)
		}
		if fits := r.IsInt64(); fault == 0 && (!fits || r.Int64() != int64(got)) || fault != 0 && fits && x != math.MinInt64 {
			t.Fatalf("%d, %d: %d, %v, want %v", x, y, int64(got), fault, r)
		}
	})
}
