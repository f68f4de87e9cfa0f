package vars

import (
	"encoding/binary"
	"fmt"
	"go/constant"
	"math"
	"reflect"
	"strconv"

	"github.com/go-delve/delve/pkg/proc"
)

// Hex is the value of an unsigned integer in hexadecimal; "" for other kinds and for
// what has no value.
func Hex(v *proc.Variable) string {
	if !unsigned(v.Kind) || v.Value == nil || v.Unreadable != nil {
		return ""
	}
	n, exact := constant.Uint64Val(constant.ToInt(v.Value))
	if !exact {
		return ""
	}
	return fmt.Sprintf("%#x", n)
}

func unsigned(k reflect.Kind) bool { return k >= reflect.Uint && k <= reflect.Uintptr }

// literalOf is a scalar as Go source; false if it is none, or not finite.
func literalOf(v *proc.Variable) (string, bool) {
	if v.Unreadable != nil || v.Value == nil {
		return "", false
	}
	switch {
	case v.Kind == reflect.Bool, v.Kind >= reflect.Int && v.Kind <= reflect.Uintptr:
		return v.Value.ExactString(), true
	case v.Kind == reflect.Float32, v.Kind == reflect.Float64:
		return floatText(v, 64), v.FloatSpecial == proc.FloatIsNormal
	case v.Kind == reflect.Complex64, v.Kind == reflect.Complex128:
		return Style{}.complex(v), numeric(v.Value)
	case v.Kind == reflect.String:
		s := stringOf(v)
		return strconv.Quote(s), int64(len(s)) == v.Len
	}
	return "", false
}

func stringOf(v *proc.Variable) string {
	if v.Value == nil || v.Value.Kind() != constant.String {
		return ""
	}
	return constant.StringVal(v.Value)
}

// valueText is the value of what is not made of other values; "" if there is none.
func valueText(v *proc.Variable) string {
	if v.Value == nil {
		return ""
	}
	switch v.Kind {
	case reflect.Float32:
		return floatText(v, 32)
	case reflect.Float64:
		return floatText(v, 64)
	case reflect.String, reflect.Func, reflect.Struct:
		return stringOf(v)
	}
	text := v.Value.ExactString()
	if v.Value.Kind() == constant.String { // of a register that is wider than a word
		text = stringOf(v)
	}
	if v.Value.Kind() == constant.Int {
		if name := v.ConstDescr(); name != "" {
			return name + " (" + text + ")"
		}
	}
	return text
}

func floatText(v *proc.Variable, bits int) string {
	switch v.FloatSpecial {
	case proc.FloatIsPosInf:
		return "+Inf"
	case proc.FloatIsNegInf:
		return "-Inf"
	case proc.FloatIsNaN:
		return "NaN"
	}
	return constantFloat(v.Value, bits)
}

func constantFloat(v constant.Value, bits int) string {
	f, _ := constant.Float64Val(constant.ToFloat(v))
	return formatFloat(f, bits)
}

// numeric reports whether a value is known, and a number.
func numeric(v constant.Value) bool {
	return v != nil && (v.Kind() == constant.Int || v.Kind() == constant.Float || v.Kind() == constant.Complex)
}

func formatFloat(f float64, bits int) string { return strconv.FormatFloat(f, 'f', -1, bits) }

// complex is the text of a complex number. Delve loads none that is not finite: its
// parts are read here.
func (st Style) complex(v *proc.Variable) string {
	re, im, ok := st.Parts(v)
	if !ok {
		return "(unknown " + v.Kind.String() + ")"
	}
	return "(" + re + " + " + im + "i)"
}

// Parts returns the real and the imaginary part of a complex number as text.
func (st Style) Parts(v *proc.Variable) (re, im string, ok bool) {
	bits := 64
	if v.Kind == reflect.Complex64 {
		bits = 32
	}
	if numeric(v.Value) {
		return constantFloat(constant.Real(v.Value), bits), constantFloat(constant.Imag(v.Value), bits), true
	}
	if st.Read == nil || v.Addr == 0 || v.Flags&proc.VariableFakeAddress != 0 {
		return "", "", false
	}
	buf := make([]byte, bits/4)
	if st.Read(buf, v.Addr) != nil {
		return "", "", false
	}
	return floatAt(buf[:bits/8], bits), floatAt(buf[bits/8:], bits), true
}

func floatAt(b []byte, bits int) string {
	if bits == 32 {
		return formatFloat(float64(math.Float32frombits(binary.LittleEndian.Uint32(b))), 32)
	}
	return formatFloat(math.Float64frombits(binary.LittleEndian.Uint64(b)), 64)
}
