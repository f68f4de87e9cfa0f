package lanes

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestProcessorIn(t *testing.T) {
	rest := strings.Repeat(" 18446744073709551615", 36) // fields 3 to 38
	for _, c := range []struct {
		stat string
		want int
	}{
		{"17 (name)" + rest[:len(rest)-20] + "0 3 0 0\n", 3},
		{"17 (a) b (c d)" + rest + " 12 0", 12},
		{"17 (name)" + rest + " 12", -1}, // cut short: it may be 120
		{"17 (name)" + rest + " -1 0", -1},
		{"17 (name)" + rest + " x 0", -1},
		{"17 (name)" + rest, -1},
		{"17 (name) S 1", -1},
		{"", -1},
	} {
		if got := processorIn([]byte(c.stat)); got != c.want {
			t.Errorf("%q: %d, want %d", c.stat, got, c.want)
		}
	}
}

// TestLastProcessor compares with where the kernel says that the test runs.
func TestLastProcessor(t *testing.T) {
	runtime.LockOSThread()
	var was, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &was); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := unix.SchedSetaffinity(0, &was); err != nil {
			t.Error(err)
		}
		runtime.UnlockOSThread()
	}()
	var c cpuReader
	defer func() {
		if err := c.close(); err != nil {
			t.Error(err)
		}
	}()
	for cpu := range 64 {
		if !was.IsSet(cpu) {
			continue
		}
		one.Zero()
		one.Set(cpu)
		if err := unix.SchedSetaffinity(0, &one); err != nil {
			t.Fatal(err)
		}
		if got := c.last(os.Getpid(), unix.Gettid()); got != cpu {
			t.Errorf("on processor %d, read %d", cpu, got)
		}
	}
	if n := testing.AllocsPerRun(100, func() { c.last(os.Getpid(), unix.Gettid()) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	var none cpuReader
	if got := none.last(os.Getpid(), 1<<30); got != -1 || none.close() != nil {
		t.Errorf("of no thread: %d", got)
	}
}

func FuzzProcessorIn(f *testing.F) {
	f.Add([]byte("1 (x) S 1 2 3"), uint16(3))
	f.Add([]byte(") ) ("), uint16(0))
	f.Fuzz(func(t *testing.T, junk []byte, cpu uint16) {
		if n := processorIn(junk); n < -1 {
			t.Errorf("%q: %d", junk, n)
		}
		// Whatever a thread is called, the field is found.
		name := strings.ReplaceAll(string(junk), "\n", "")
		stat := fmt.Sprintf("1 (%s) S%s %d 0 0\n", name, strings.Repeat(" 7", 35), cpu)
		if n := processorIn([]byte(stat)); n != int(cpu) {
			t.Errorf("%q: %d, want %d", stat, n, cpu)
		}
	})
}
