package vars

import (
	"encoding/binary"
	"go/constant"
	"math"
	"reflect"
	"strconv"
	"testing"

	"github.com/go-delve/delve/pkg/proc"
	"pgregory.net/rapid"
)

func TestHex(t *testing.T) {
	for _, c := range []struct {
		kind reflect.Kind
		n    uint64
		want string
	}{{reflect.Uint8, 255, "0xff"}, {reflect.Uint64, math.MaxUint64, "0xffffffffffffffff"}, {reflect.Uintptr, 0, "0x0"}, {reflect.Int, 255, ""}} {
		if got := Hex(&proc.Variable{Kind: c.kind, Value: constant.MakeUint64(c.n)}); got != c.want {
			t.Errorf("%s %d: %s, want %s", c.kind, c.n, got, c.want)
		}
	}
}

// TestComplex: complex numbers that are not finite are read from memory.
func TestComplex(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		re, im := rapid.Float64().Draw(t, "re"), rapid.Float64().Draw(t, "im")
		if rapid.Bool().Draw(t, "special") {
			re = math.Inf(1)
		}
		st := Style{Read: func(buf []byte, addr uint64) error {
			if addr != 64 || len(buf) != 16 {
				t.Fatalf("%d bytes at %d", len(buf), addr)
			}
			binary.LittleEndian.PutUint64(buf, math.Float64bits(re))
			binary.LittleEndian.PutUint64(buf[8:], math.Float64bits(im))
			return nil
		}}
		v := &proc.Variable{Kind: reflect.Complex128, Addr: 64, Value: constant.MakeUnknown()}
		want := "(" + strconv.FormatFloat(re, 'f', -1, 64) + " + " + strconv.FormatFloat(im, 'f', -1, 64) + "i)"
		if got := Line(v, st); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	})
	half := Style{Read: func(buf []byte, _ uint64) error {
		binary.LittleEndian.PutUint32(buf, math.Float32bits(float32(math.NaN())))
		binary.LittleEndian.PutUint32(buf[4:], math.Float32bits(1.5))
		return nil
	}}
	if got := Line(&proc.Variable{Kind: reflect.Complex64, Addr: 64}, half); got != "(NaN + 1.5i)" {
		t.Errorf("complex64: %s", got)
	}
}

// TestLiterals: what is said to be the source of a scalar is.
func TestLiterals(t *testing.T) {
	for want, v := range map[string]*proc.Variable{
		"-5":           {Kind: reflect.Int8, Value: constant.MakeInt64(-5)},
		"true":         {Kind: reflect.Bool, Value: constant.MakeBool(true)},
		`"a\"b"`:       {Kind: reflect.String, Len: 3, Value: constant.MakeString(`a"b`)},
		"0.25":         {Kind: reflect.Float32, Value: constant.MakeFloat64(0.25)},
		"(1 + 2i)":     {Kind: reflect.Complex128, Value: constant.BinaryOp(constant.MakeInt64(1), 12 /* + */, constant.MakeImag(constant.MakeInt64(2)))},
		"none":         {Kind: reflect.Float64, FloatSpecial: proc.FloatIsNaN, Value: constant.MakeUnknown()},
		"none: cut":    {Kind: reflect.String, Len: 9, Value: constant.MakeString("cut")},
		"none: struct": {Kind: reflect.Struct, Value: constant.MakeString("a time")},
		"none: nil":    {Kind: reflect.Int},
	} {
		got, ok := literalOf(v)
		if none := want[:min(4, len(want))] == "none"; ok == none || ok && got != want {
			t.Errorf("%s, %t; want %s", got, ok, want)
		}
	}
}
