package value

import (
	"errors"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
	"pgregory.net/rapid"
)

type order struct {
	ID     int
	Amount float64
	Name   string
	Paid   bool
}

func TestWatchable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ty := drawType(t, 3)
		err := Watchable(dwarfOf(ty))
		if (ty.Size() == 0) != (err != nil) {
			t.Fatalf("%v of %d bytes: %v", ty, ty.Size(), err)
		}
	})
	for _, ty := range []reflect.Type{
		reflect.TypeFor[sync.Mutex](), reflect.TypeFor[sync.WaitGroup](), reflect.TypeFor[atomic.Int64](), reflect.TypeFor[atomic.Pointer[string]](),
		reflect.TypeFor[time.Time](), reflect.TypeFor[*string](), reflect.TypeFor[[1 << 20]int](), reflect.TypeFor[struct {
			_ [0]string
			n int
		}](),
	} {
		if err := Watchable(dwarfOf(ty)); err != nil {
			t.Errorf("%v: %v", ty, err)
		}
	}
}

func TestNotWatchable(t *testing.T) {
	for _, c := range []struct {
		t                reflect.Type
		path, kind, says string
	}{
		{reflect.TypeFor[string](), "", "string", "two words one at a time"},
		{reflect.TypeFor[[]int](), "", "slice", "three words one at a time"},
		{reflect.TypeFor[any](), "", "interface", "*(*uintptr)(ADDR)"},
		{reflect.TypeFor[error](), "", "interface", "two words one at a time"},
		{reflect.TypeFor[map[string]int](), "", "map", "sees the variable get another map"},
		{reflect.TypeFor[chan int](), "", "chan", "only a pointer"},
		{reflect.TypeFor[struct{}](), "", "zero-size", "takes no memory"},
		{reflect.TypeFor[[0]int](), "", "zero-size", "takes no memory"},
		{reflect.TypeFor[order](), ".Name", "string", "value.order.Name is a string"},
		{reflect.TypeFor[order](), ".Name", "string", "watch a field of it, such as .ID, .Amount, .Paid"},
		{reflect.TypeFor[[2]order](), "[i].Name", "string", "such as [0].ID"},
		{reflect.TypeFor[[2]map[int]int](), "[i]", "map", "*(*uintptr)(ADDR)"},
		{reflect.TypeFor[struct{ A struct{ B [3][]int } }](), ".A.B[i]", "slice", "*(*uintptr)(ADDR)"},
	} {
		err := Watchable(dwarfOf(c.t))
		var not *NotWatchable
		if !errors.As(err, &not) {
			t.Errorf("%v: %v", c.t, err)
			continue
		}
		if not.Path != c.path || not.Kind != c.kind || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v: path %q, kind %q: %v", c.t, not.Path, not.Kind, err)
		}
	}
}

func TestNotWatchableForeignTypes(t *testing.T) {
	loop := &godwarf.TypedefType{}
	loop.Type = loop
	self := &godwarf.StructType{CommonType: godwarf.CommonType{ByteSize: 8}}
	self.Field = []*godwarf.StructField{{Name: "self", Type: self}}
	b := &godwarf.UintType{BasicType: godwarf.BasicType{CommonType: godwarf.CommonType{ByteSize: 1}}}
	for _, c := range []struct {
		t    godwarf.Type
		kind string
	}{
		{nil, "unknown"},
		{loop, "unknown"},
		{self, "unknown"},
		{&godwarf.VoidType{}, "unknown"},
		{&godwarf.UnsupportedType{CommonType: godwarf.CommonType{ByteSize: 8}}, "unknown"},
		{&godwarf.StructType{CommonType: godwarf.CommonType{ByteSize: -1}}, "unknown"},
		{&godwarf.StructType{CommonType: godwarf.CommonType{ByteSize: 1}, Field: []*godwarf.StructField{{Name: "f", Type: b, BitSize: 3}}}, "bit field"},
	} {
		var not *NotWatchable
		if err := Watchable(c.t); !errors.As(err, &not) || not.Kind != c.kind {
			t.Errorf("%T: %v, want kind %s", c.t, err, c.kind)
		}
	}
}
