// Prog changes its variables on command, one operation for each line of its input, and
// answers each with a line of its own.
package main

import (
	"bufio"
	"fmt"
	"io"
	"math/rand"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

type line struct {
	SKU   string
	Price int
	Qty   int32
}

type order struct {
	ID    int
	Name  string
	Lines []line
	Tags  map[string]int
	Total float64
	Note  any
	Next  *order
	Flags [4]bool
}

type node struct {
	Val  int
	Next *node
}

type wide [20]int64 // larger than what a map keeps in a slot

type tree []tree

type shape interface{ Area() int }

type square struct{ Side, Color int }

func (s square) Area() int { return s.Side * s.Side }

type (
	dict  map[string]int
	point struct{ X, Y int }

	holder struct {
		M map[string]*node
		P *holder
	}
)

var (
	theOrder = order{ID: 1, Name: "first", Lines: []line{{"a", 10, 1}, {"b", 20, 2}}, Tags: map[string]int{"x": 1}}
	text     = "hello"
	list     = make([]int, 3, 4)
	words    = []string{"one", "two"}
	empty    []int
	voids    []struct{}
	small    = map[string]int{"a": 1, "b": 2}
	none     map[int]int
	large    = map[int]int{}
	names    dict
	set      = map[string]struct{}{"p": {}}
	outside  = map[wide]wide{{1}: {2}}
	points   = map[point]string{{1, 2}: "here"}
	lists    = map[string][]int{"l": {1, 2}}
	nested   = map[string]map[string]int{"m": {"n": 1}}
	whatever any
	figure   shape
	pipe     = make(chan string, 3)
	single   = make(chan int, 1)
	bare     = make(chan int)
	signals  = make(chan struct{}, 2)
	head     *node
	ring     *node
	branch   tree
	matrix   [3][4]int
	hook     func()
	spot     point
	deep     = holder{P: &holder{M: map[string]*node{"n": {Val: 1}}}}
	other    = [3][4]int{{1, 2, 3, 4}, {5, 6, 7, 8}, {9, 10, 11, 12}}
	block    [32]int64
	pair     [2]any
	keep     []any // what must stay where it is
	picked   = map[string]int{"k": 1}
)

var ones = func() []int64 {
	all := make([]int64, 32)
	for i := range all {
		all[i] = 1
	}
	return all
}()

func fill() {
	for i := range 9 {
		small[strconv.Itoa(i)] = i
	}
}

var operations = map[string]func(){
	"price":    func() { theOrder.Lines[1].Price = 12 },
	"sku":      func() { theOrder.Lines[0].SKU = "zz" },
	"line":     func() { theOrder.Lines = append(theOrder.Lines, line{"c", 30, 3}) },
	"tag":      func() { theOrder.Tags["x"]++ },
	"newtag":   func() { theOrder.Tags["y"] = 5 },
	"total":    func() { theOrder.Total, theOrder.Flags[2] = 1.5, true },
	"note":     func() { theOrder.Note = 3 },
	"next":     func() { theOrder.Next = &order{ID: 2} },
	"nothing":  func() {},
	"text":     func() { text = strings.ToUpper(text) },
	"copied":   func() { text = strings.Clone(text) },
	"notext":   func() { text = "" },
	"append":   func() { list = append(list, 7) },
	"append2":  func() { list = append(list, 8, 9) },
	"element":  func() { list[1] = 5 },
	"pop":      func() { list = list[:len(list)-1] },
	"shift":    func() { list = list[1:] },
	"clip":     func() { list = list[:len(list):len(list)] },
	"replace":  func() { list = []int{100, 200} },
	"niled":    func() { list = nil },
	"beyond":   func() { list[:cap(list)][len(list)] = 99 },
	"word":     func() { words = append(words, "three") },
	"reword":   func() { words[0] = "first" },
	"first":    func() { empty = append(empty, 1) },
	"void":     func() { voids = append(voids, struct{}{}) },
	"set b":    func() { small["b"] = 3 },
	"rekey":    func() { small[strings.Clone("b")] = 30 },
	"share":    func() { deep.M = deep.P.M },
	"deepval":  func() { deep.P.M["n"].Val++ },
	"unshare":  func() { deep.M = nil },
	"add c":    func() { small["c"] = 5 },
	"delete a": func() { delete(small, "a") },
	"grow":     fill,
	"clear":    func() { clear(small) },
	"make":     func() { none = map[int]int{1: 2} },
	"name":     func() { names = dict{}; names["n"] = 1 },
	"member":   func() { set["q"] = struct{}{} },
	"leave":    func() { delete(set, "p") },
	"wide":     func() { outside[wide{1}] = wide{3} },
	"widest":   func() { outside[wide{7}] = wide{8, 9} },
	"point":    func() { points[point{1, 2}] = "there" },
	"lists":    func() { lists["l"] = append(lists["l"], 3) },
	"inner":    func() { lists["l"][0] = 4 },
	"nested":   func() { nested["m"]["n"] = 2 },
	"nested2":  func() { nested["o"] = map[string]int{"p": 3} },
	"int":      func() { whatever = 3 },
	"string":   func() { whatever = strings.Repeat("x", 1) },
	"pointer":  func() { whatever = head },
	"struct":   func() { whatever = square{2, 1} },
	"map":      func() { whatever = map[string]int{"i": 1} },
	"mapset":   func() { whatever.(map[string]int)["i"] = 2 },
	"nil":      func() { whatever = nil },
	"figure":   func() { figure = square{3, 1} },
	"figure2":  func() { figure = square{4, 1} },
	"send":     func() { pipe <- "v" + strconv.Itoa(len(pipe)) },
	"receive":  func() { <-pipe },
	"close":    func() { close(pipe) },
	"send1":    func() { single <- 4 },
	"receive1": func() { <-single },
	"handover": func() {
		done := make(chan bool)
		go func() { single <- 5; done <- true }()
		for blockedSenders() == 0 {
			runtime.Gosched()
		}
		<-single
		<-done
	},
	"bare":    func() { close(bare) },
	"signal":  func() { signals <- struct{}{} },
	"head":    func() { head = &node{Val: 1} },
	"tail":    func() { head.Next = &node{Val: 2, Next: &node{Val: 3}} },
	"val":     func() { head.Next.Val = 20 },
	"last":    func() { head.Next.Next.Val = 30 },
	"cut":     func() { keep = append(keep, head.Next); head.Next = nil },
	"ring":    func() { ring = &node{Val: 1}; ring.Next = &node{Val: 2, Next: ring} },
	"ringval": func() { ring.Next.Val = 5 },
	"unring":  func() { keep = append(keep, ring); ring = nil },
	"branch":  func() { branch = make(tree, 2); branch[0] = branch },
	"twig":    func() { branch[1] = tree{nil} },
	"matrix":  func() { matrix[1][2] = 6 },
	"rows":    func() { matrix = other },
	"spot":    func() { spot = point{3, 4} },
	"block":   func() { block = [32]int64(ones) },
	"zero":    func() { block = [32]int64{} },
	"swap":    func() { words[0], words[1] = words[1], words[0] },
	"pair":    func() { pair = [2]any{1, "x"} },
	"hook":    func() { hook = fill },
	"repick":  func() { picked["k"]++ },
	"other":   func() { picked["other"] = 1 },
	"crowd": func() {
		for i := range 100 {
			picked[strconv.Itoa(i)] = i
		}
	},
	"unpick":  func() { delete(picked, "k") },
	"pick":    func() { picked["k"] = 70 },
	"newpick": func() { keep = append(keep, picked); picked = map[string]int{"k": 9} },
}

// blockedSenders tells whether a goroutine waits to send into single, which is full.
func blockedSenders() int {
	buf := make([]byte, 1<<16)
	return strings.Count(string(buf[:runtime.Stack(buf, true)]), "[chan send]")
}

// steps makes random changes to a map, a slice of strings and a slice.
func steps(seed int64, n int) {
	r := rand.New(rand.NewSource(seed))
	for range n {
		k := r.Intn(60)
		switch r.Intn(12) {
		case 0, 1, 2, 3:
			large[k] = r.Intn(1000)
		case 4, 5:
			delete(large, k)
		case 6:
			if r.Intn(20) == 0 {
				clear(large)
			} else {
				large[100+r.Intn(2000)] = k
			}
		case 7:
			words = append(words, strconv.Itoa(k))
		case 8:
			if len(words) > 0 {
				words[r.Intn(len(words))] = strconv.Itoa(k)
			}
		case 9:
			words = words[:len(words)/2]
		case 10:
			lists[strconv.Itoa(k)] = append(lists[strconv.Itoa(k)], k)
		case 11:
			delete(lists, strconv.Itoa(k))
		}
	}
}

// mark sends a signal to this thread.
func mark() {
	syscall.RawSyscall(syscall.SYS_TGKILL, uintptr(os.Getpid()), uintptr(syscall.Gettid()), uintptr(syscall.SIGUSR2))
}

func main() {
	runtime.LockOSThread()
	list[0], list[1], list[2] = 1, 2, 3
	in := bufio.NewScanner(os.Stdin)
	fmt.Println("ready")
	for in.Scan() {
		cmd := in.Text()
		var seed int64
		var n int
		cmd, marked := strings.CutPrefix(cmd, "marked ")
		if _, err := fmt.Sscanf(cmd, "steps %d %d", &seed, &n); err == nil {
			steps(seed, n)
		} else if op := operations[cmd]; op != nil {
			if marked { // for somebody who traces this thread
				mark()
			}
			op()
			if marked {
				mark()
			}
		} else {
			fmt.Println("no operation " + cmd)
			continue
		}
		fmt.Println("ok")
	}
	fmt.Fprintln(io.Discard, theOrder, text, list, words, empty, voids, small, none, large, names, set, outside, points, lists, nested,
		whatever, figure, pipe, single, bare, signals, head, ring, deep, spot, block, pair, len(branch), matrix, hook == nil, len(keep), picked)
}
