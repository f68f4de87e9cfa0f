// Scenarios is the target of tests on real processes: each scenario does
// something whose writes are known in number. It is started with a scenario's
// name and a count.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// What is watched.
var (
	x       int64
	pair    struct{ A, B int64 }
	wide    [2]uint64 // written by one 16-byte store
	counter atomic.Int64
	buffer  [64]byte
	quiet   int64 // nobody writes it
	many    []int64
	array   [4]int32
	ptr     = &x
	name    = "argus"
	numbers = []int{1, 2, 3}
	table   = map[string]int{"a": 1}
	any1    any
	ch      = make(chan int, 1)
	big     [9]int64
	odd     struct {
		_ byte
		V uint32 // at an address that is even, and no more
		_ [3]byte
	}
	fraction  float64
	ready     bool
	Unaligned [16]byte
)

const one = 1

var scenarios = map[string]func(n int){
	"twice":      twice,
	"fields":     fields,
	"vector":     vector,
	"atomics":    atomics,
	"storm":      storm,
	"signals":    signals,
	"exit":       func(n int) { os.Exit(n) },
	"exitinside": exitInside,
	"leader":     leader,
	"exec":       execSelf,
	"forever":    forever,
	"locals":     locals,
	"syscall":    readInto,
	"panic":      func(int) { panic("the scenario says so") },
	"kill":       func(int) { syscall.Kill(os.Getpid(), syscall.SIGKILL) },
	"children":   children,
	"copy":       copies,
	"gc":         garbage,
	"negative":   negative,
	"idle":       func(int) { _ = syscall.Pause() }, // select {} would be a deadlock, and its end
	"inlined":    inlined,
	"echo":       echo,
	"million":    million,
	"nested":     nested,
}

func main() {
	n := 1000
	if len(os.Args) > 2 {
		n, _ = strconv.Atoi(os.Args[2])
	}
	if len(os.Args) < 2 || scenarios[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: scenarios NAME [COUNT]")
		os.Exit(64)
	}
	scenarios[os.Args[1]](n)
	if n < 0 { // so that the linker keeps what is not written
		fmt.Println(quiet, array, *ptr, name, numbers, table, any1, ch, big, odd, fraction, ready, Unaligned)
	}
}

// twice writes x twice a round, by adjacent stores.
//
//go:noinline
func twice(n int) {
	for i := range n {
		a, b := int64(i), int64(-i)
		x = a // first
		opaque()
		x = b // second
	}
}

//go:noinline
func opaque() {}

// fields writes both fields a round, by adjacent stores.
//
//go:noinline
func fields(n int) {
	for i := range n {
		pair.A = int64(i)
		pair.B = int64(i)
	}
}

// vector writes 16 bytes by one store where the compiler has one.
//
//go:noinline
func vector(n int) {
	for i := range n {
		store16(&wide, uint64(i))
	}
}

// atomics adds in 4 goroutines, n each.
func atomics(n int) {
	workers := 4
	if len(os.Args) > 3 {
		workers, _ = strconv.Atoi(os.Args[3])
	}
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range n {
				counter.Add(1)
			}
		})
	}
	wg.Wait()
	fmt.Println(counter.Load())
}

// storm starts n goroutines, each on a thread of its own, that write at once.
func storm(n int) {
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
			counter.Add(1)
		})
	}
	wg.Wait()
	fmt.Println(counter.Load())
}

// signals writes between signals that it sends itself.
func signals(n int) {
	got := make(chan os.Signal, 1)
	signal.Notify(got, syscall.SIGUSR1)
	for range n {
		x++
		syscall.Kill(os.Getpid(), syscall.SIGUSR1)
		x++
		<-got
	}
	fmt.Println(x)
}

// exitInside exits from a thread that is not the leading one.
func exitInside(n int) {
	done := make(chan bool)
	go func() {
		runtime.LockOSThread()
		os.Exit(n)
	}()
	<-done
}

// leader lets the leading thread exit before the others.
func leader(n int) {
	runtime.LockOSThread()
	started := make(chan bool)
	go func() {
		runtime.LockOSThread()
		<-started
		for syscall.Gettid() != 0 {
			if st, err := os.ReadFile("/proc/self/stat"); err == nil && containsZombie(st) {
				break
			}
			runtime.Gosched()
		}
		for range n {
			x++
		}
		syscall.RawSyscall(syscall.SYS_EXIT_GROUP, 7, 0, 0)
	}()
	if syscall.Gettid() != os.Getpid() {
		// main runs on the leading thread because it is locked in init.
		fmt.Fprintln(os.Stderr, "not the leading thread")
		os.Exit(65)
	}
	close(started)
	syscall.RawSyscall(syscall.SYS_EXIT, 0, 0, 0)
}

func init() { runtime.LockOSThread() } // main stays on the leading thread

func containsZombie(stat []byte) bool {
	for i := range stat {
		if stat[i] == ')' && i+2 < len(stat) {
			return stat[i+2] == 'Z'
		}
	}
	return false
}

// execSelf replaces the program from a thread that is not the leading one.
func execSelf(n int) {
	for range n {
		x++
	}
	done := make(chan bool)
	go func() {
		runtime.LockOSThread()
		syscall.Exec("/proc/self/exe", []string{"scenarios", "exit", "3"}, os.Environ())
		os.Exit(66)
	}()
	<-done
}

// forever writes until it is ended, and says when it has begun.
func forever(int) {
	ready = true
	fmt.Println("ready")
	for {
		x++
		time.Sleep(10 * time.Microsecond)
	}
}

// locals writes a local variable n times, in recursion too.
//
//go:noinline
func locals(n int) {
	var sum int64
	for i := range n {
		sum += int64(i)
	}
	x = sum
}

// readInto lets the kernel write buffer.
func readInto(n int) {
	r, w, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	for i := range n {
		w.Write([]byte{byte(i + 1)})
		syscall.Read(int(r.Fd()), buffer[:1])
	}
}

// million makes many n long, and writes one element of it.
func million(n int) {
	many = make([]int64, n)
	opaque()
	many[n/3] = 7
	opaque()
}

// children starts n processes and writes between them.
func children(n int) {
	for range n {
		x++
		if err := exec.Command("/proc/self/exe", "exit", "0").Run(); err != nil {
			panic(err)
		}
		x++
	}
}

// copies writes buffer by copy, which the runtime does with vector or string
// instructions.
//
//go:noinline
func copies(n int) {
	var src [64]byte
	for i := range n {
		src[8] = byte(i + 1)
		copy(buffer[:], src[:])
	}
}

// garbage writes x while the collector works and stacks grow.
func garbage(n int) {
	var keep [][]byte
	for i := range n {
		x++
		keep = append(keep, make([]byte, 4096))
		if i%50 == 0 {
			runtime.GC()
			keep = keep[:0]
			deep(100)
		}
	}
	fmt.Println(x, len(keep))
}

//go:noinline
func deep(n int) int {
	var pad [64]int
	if n == 0 {
		return pad[0]
	}
	return deep(n-1) + pad[n%64]
}

// negative lets one of several goroutines make x negative.
func negative(n int) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range n {
				mu.Lock()
				if i == 2 && j == n-1 {
					spoil()
				} else {
					x = int64(j)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}

//go:noinline
func spoil() { x = -one }

// echo copies its input to its output and its error output.
func echo(int) {
	var buf [256]byte
	n, _ := os.Stdin.Read(buf[:])
	os.Stdout.Write(buf[:n])
	os.Stderr.Write(buf[:n])
	x = int64(n)
	os.Exit(n)
}

// inlined writes x in a function that is inlined into one that is inlined.
//
//go:noinline
func inlined(n int) {
	for i := range n {
		inlinedOuter(int64(i))
	}
}

func inlinedOuter(v int64) { inlinedInner(v) }

func inlinedInner(v int64) { x = v }

// nested writes x n times at the end of a chain of calls.
func nested(n int) {
	nest(24, n)
	opaque()
}

//go:noinline
func nest(level, n int) {
	if level > 0 {
		nest(level-1, n)
		return
	}
	for i := range n {
		x = int64(i)
	}
}
