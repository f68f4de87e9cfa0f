package main

import (
	"runtime"
	"sync/atomic"
	"syscall"
)

// storeAndKill stores v and sends a signal to a thread by the instruction behind.
//
//go:noescape
func storeAndKill(p *uint64, v, pid, tid, sig uint64)

// handlerAddress is where a handler is, for the kernel to call: it adds one to the word, and
// keeps where its stack begins in area[1].
func handlerAddress() uintptr

// restorerAddress is where the code is that ends a handler.
func restorerAddress() uintptr

// forkAndWrite forks; the child stores v and ends. It returns the child's id.
func forkAndWrite(p *uint64, v uint64) int

// vforkAndWrite forks a child that has the same memory; it stores v and ends.
func vforkAndWrite(p *uint64, v uint64) int

// spawn starts a thread that adds to p n times and ends: these are all of its instructions.
// done is 0 when it has ended.
//
//go:noescape
func spawn(stack uintptr, p *uint64, n uint64, done *uint64) int

// imm is code with a constant in it: it returns what the four bytes behind its first say.
func imm() uint64

func immAddress() uintptr

func init() {
	scenarios["beforesignal"] = beforeSignal
	scenarios["handler"] = inHandler
	scenarios["storm"] = storm
	scenarios["blocked"] = blocked
	scenarios["ignored"] = ignored
	scenarios["births"] = births
	scenarios["deaf"] = deaf
	scenarios["ends"] = ends
	scenarios["frame"] = frame
	scenarios["vfork"] = vfork
	scenarios["code"] = code
	scenarios["fault"] = fault
}

// catch has the kernel call handler for a signal.
func catch(sig syscall.Signal) { action(sig, handlerAddress(), restorerAddress()) }

func tgkill(pid, tid int, sig syscall.Signal) {
	call(syscall.SYS_TGKILL, uintptr(pid), uintptr(tid), uintptr(sig))
}

// beforeSignal stores, and has the signal come right behind the store; the handler adds one.
func beforeSignal(n int) {
	catch(syscall.SIGUSR2)
	pid, tid := uint64(syscall.Getpid()), uint64(syscall.Gettid())
	for i := range n {
		storeAndKill(&area[word], uint64(10*i), pid, tid, uint64(syscall.SIGUSR2))
	}
}

// inHandler writes in the handler alone.
func inHandler(n int) {
	catch(syscall.SIGUSR2)
	pid, tid := syscall.Getpid(), syscall.Gettid()
	for range n {
		tgkill(pid, tid, syscall.SIGUSR2)
	}
}

// storm stores while another thread interrupts it by the signal that the runtime preempts by.
func storm(n int) {
	stop := make(chan bool)
	done := make(chan bool)
	pid, tid := syscall.Getpid(), syscall.Gettid()
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				tgkill(pid, tid, syscall.SIGURG)
			}
		}
	}()
	for i := range n {
		store8(&area[word], 0, uint64(i))
	}
	close(stop)
	<-done
}

// frame lets the kernel write the beginning of a signal's frame, on a stack of our own.
func frame(n int) {
	catch(syscall.SIGUSR2)
	pid, tid := syscall.Getpid(), syscall.Gettid()
	stack := mapped(16)
	send := func() {
		old := mask(allBut(syscall.SIGUSR2, syscall.SIGTRAP, syscall.SIGCHLD)) // the runtime must not run on that stack
		was := alternate(stack)
		tgkill(pid, tid, syscall.SIGUSR2)
		alternate(was)
		mask(old)
	}
	send()
	page = wordAt(uintptr(area[1])) // where the handler's stack began
	*page = 0
	pause()
	for range n {
		send()
	}
}

// blocked stores three times with all signals blocked, SIGTRAP among them, n times.
func blocked(n int) {
	for i := range n {
		old := mask(allBut())
		for k := range 3 {
			store8(&area[word], 0, uint64(3*i+k+1))
		}
		mask(old)
	}
}

// allBut is all signals but those.
func allBut(signals ...syscall.Signal) uint64 {
	set := ^uint64(0)
	for _, sig := range signals {
		set &^= 1 << (sig - 1)
	}
	return set
}

// ignored stores while the program ignores SIGTRAP.
func ignored(n int) {
	action(syscall.SIGTRAP, 1, restorerAddress())
	for i := range n {
		store8(&area[word], 0, uint64(i))
	}
}

// done is not on a stack, which could move.
var done [50]uint64

// births starts 50 threads, n stores each. The runtime does not know them: they must get no
// signals but those that a debugger stops them by.
func births(n int) { start(n, allBut(syscall.SIGTRAP, syscall.SIGCHLD)) }

// deaf does it with all signals blocked, to their end.
func deaf(n int) { start(n, allBut()) }

func start(n int, blocked uint64) {
	old := mask(blocked)
	for i := range done {
		begin(&area[word], n, &done[i])
	}
	for i := range done {
		await(&done[i])
	}
	mask(old)
}

// begin starts a thread that adds to p n times; done is 1 until it has ended.
func begin(p *uint64, n int, done *uint64) {
	atomic.StoreUint64(done, 1)
	if spawn(address(wordOf(mapped(1)))+4096, p, uint64(n), done) < 0 {
		panic("no thread")
	}
}

func await(done *uint64) {
	for atomic.LoadUint64(done) != 0 {
		runtime.Gosched()
	}
}

// ends lets the kernel clear the word at the end of n threads, which do not touch it. It is
// set before each.
func ends(n int) {
	old := mask(allBut(syscall.SIGTRAP, syscall.SIGCHLD))
	for range n {
		begin(&area[0], 1, &area[word])
		await(&area[word])
	}
	mask(old)
}

// vfork writes n times; a child that shares the memory writes once.
func vfork(n int) {
	for i := range n {
		area[word] = uint64(i + 1)
	}
	pid := vforkAndWrite(&area[word], 99)
	var ws syscall.WaitStatus
	_, err := syscall.Wait4(pid, &ws, 0, nil)
	check(err)
	if ws != 0 || area[word] != 99 {
		panic("the child has not written")
	}
}

// code changes an instruction and executes it, n times.
func code(n int) {
	at := immAddress()
	p := at &^ 4095
	call(syscall.SYS_MPROTECT, p, 8192, syscall.PROT_READ|syscall.PROT_WRITE|syscall.PROT_EXEC)
	page = wordAt(at)
	pause()
	for i := range n {
		store4(page, 1, uint64(i+1))
		if imm() != uint64(i+1) {
			panic("other code was executed")
		}
	}
}

// fault stores, and the instruction behind faults.
func fault(n int) {
	for i := range n {
		func() {
			defer func() { _ = recover() }()
			storeAndFault(&area[word], uint64(i))
		}()
	}
}

// storeAndFault stores v and reads what is at address 0.
//
//go:noescape
func storeAndFault(p *uint64, v uint64)
