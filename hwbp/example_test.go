package hwbp_test

import (
	"errors"
	"fmt"

	"github.com/argusdbg/argus/hwbp"
)

// An unaligned word takes four of the four slots of x86-64.
func ExampleCover() {
	points, err := hwbp.Cover(hwbp.AMD64, 0x1001, 8, hwbp.Write)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range points {
		fmt.Println(p)
	}
	fmt.Println(len(points) <= hwbp.AMD64.Slots(hwbp.Write))
	// Output:
	// write 1 byte at 0x1001
	// write 2 bytes at 0x1002
	// write 4 bytes at 0x1004
	// write 1 byte at 0x1008
	// true
}

// The same word takes two on arm64, where any run of bytes in a doubleword will do.
func ExampleCover_arm64() {
	points, err := hwbp.Cover(hwbp.ARM64, 0x1001, 8, hwbp.Read)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range points {
		fmt.Println(p)
	}
	// Output:
	// read 7 bytes at 0x1001
	// read 1 byte at 0x1008
}

func ExampleCover_errors() {
	_, err := hwbp.Cover(hwbp.AMD64, 0x1000, 8, hwbp.Read)
	fmt.Println(err)
	_, err = hwbp.Cover(hwbp.AMD64, 0x1000, 1<<40, hwbp.Write)
	fmt.Println(errors.Is(err, hwbp.ErrTooLarge))
	// Output:
	// amd64 has no read-only watchpoints; use read-write, which fires on writes as well
	// true
}

func ExampleDR7_Set() {
	p := hwbp.Point{Addr: 0xc000012340, Len: 8, Access: hwbp.Write}
	d, err := hwbp.DR7(0).Set(1, p)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("DR1 = %#x, DR7 = %#x\n", p.Addr, uint64(d))
	fmt.Printf("disarmed: DR7 = %#x\n", uint64(d.Clear(1)))
	// Output:
	// DR1 = 0xc000012340, DR7 = 0x900004
	// disarmed: DR7 = 0x0
}

// The address goes in as a multiple of 8, the bytes are selected beside it.
func ExampleEncodeWatch() {
	wvr, wcr, err := hwbp.EncodeWatch(hwbp.Point{Addr: 0x1004, Len: 4, Access: hwbp.Write})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("WVR = %#x, WCR = %#x\n", wvr, uint32(wcr))
	// Output:
	// WVR = 0x1000, WCR = 0x1e15
}
