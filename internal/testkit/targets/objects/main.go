// Command objects assigns to variables that are watched as a whole: strings, slices, maps,
// interfaces, channels and what is made of them. Each scenario makes a known number of
// assignments, one a line.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
)

type line struct {
	SKU   string
	Price int
	Qty   int
}

type order struct {
	ID    int
	Lines []line
	Tags  map[string]int
	Note  any
	Total float64
}

type node struct {
	Value int
	Next  *node
}

var (
	text   = "hello"
	list   = []int{1, 2, 3}
	table  = map[string]int{"a": 1, "b": 2}
	any1   any
	pipe   = make(chan int, 3)
	ordr   = &order{ID: 1, Lines: []line{{"a", 10, 1}, {"b", 20, 2}}, Tags: map[string]int{"x": 1}}
	head   = &node{Value: 1}
	large  [1 << 15]int
	many   = make([]int, 1<<20)
	shared = map[int]int{}
	mu     sync.Mutex
	sink   []byte
	inner  = map[string]order{"o": {ID: 1}}
	shape  = map[[2]int]int{{1, 2}: 3}
	point  = [2]int{1, 2}
	key    = "b"
	pair   struct { // on one page
		Text string
		N    int
	}
	doc struct {
		Name string
		Tags map[string]int
		List []int
	}
	n = 10
)

var scenarios = map[string]func(){
	"text": func() {
		text = "HELLO"
		next()
		text = text + "!"
		next()
		text = ""
		next()
		text = ""
		next()
	},
	"list": func() {
		list[1] = 5
		next()
		list = append(list, 7)
		next()
		list = append(list, 8)
		next()
		list = list[1:]
		next()
		list[0] = 6
		next()
		list = nil
		next()
	},
	"table": func() {
		table["a"] = 3
		table["c"] = 5
		delete(table, "b")
		table["a"] = 3
		clear(table)
	},
	"entry": func() {
		table["b"] = 7
		table["a"] = 9
		for i := range 100 {
			table[strconv.Itoa(i)] = i
		}
		table["a"] = 10
		delete(table, "a")
		table[key] = 8
		table["a"] = 11
	},
	"grow": func() {
		for i := range n {
			table[strconv.Itoa(i)] = i
		}
	},
	"any": func() {
		any1 = 3
		next()
		any1 = "x"
		next()
		any1 = line{"c", 30, 3}
		next()
		any1 = nil
		next()
	},
	"pipe": func() {
		pipe <- 1
		next()
		pipe <- 2
		next()
		<-pipe
		next()
		close(pipe)
		next()
	},
	"order": func() {
		ordr.Lines[1].Price = 12
		next()
		ordr.Lines[0].SKU = "zz"
		next()
		ordr.Lines = append(ordr.Lines, line{"c", 30, 3})
		next()
		ordr.Lines[2].Qty = 4
		next()
		ordr.Tags["x"] = 2
		next()
		ordr.Note = "paid"
		next()
		ordr.ID, ordr.Total = 2, 1.5 // two: they are not side by side
		next()
	},
	"follow": func() {
		head.Value = 2
		next()
		head = &node{Value: 3}
		next()
		head.Value = 4
		next()
		head.Next = &node{Value: 5}
		next()
		head.Next.Value = 6
		next()
	},
	"large": func() {
		for i := range n {
			large[i*100] = i + 1
		}
	},
	"many": func() {
		for i := range n {
			many[i*1000] = i + 1
		}
		many = append(many, 5)
		many[1<<20] = 6
	},
	"beside": both,
	"local":  local,
	"json": func() {
		for i := range n {
			text := fmt.Sprintf(`{"Name": "number %d", "Tags": {"a": %d, "b": 0}, "List": [%d, 7]}`, i, i+1, i)
			if err := json.Unmarshal([]byte(text), &doc); err != nil {
				panic(err)
			}
		}
	},
	"inner": func() {
		inner["o"] = order{ID: 2, Total: 1}
		next()
		inner["o"] = order{ID: 2, Total: 5}
		next()
		inner["p"] = order{ID: 9}
		next()
		delete(inner, "o")
		next()
		inner["o"] = order{ID: 3}
		next()
		inner["o"] = order{ID: 3, Lines: []line{{"a", 1, 1}}}
		next()
		inner["o"].Lines[0].Qty = 2
		next()
	},
	"shape": func() {
		shape[point] = 4
	},
	"writers": func() {
		var all sync.WaitGroup
		for w := range 4 {
			all.Go(func() { write(w) })
		}
		all.Wait()
	},
	"collected": func() {
		var all sync.WaitGroup
		for w := range 2 {
			all.Go(func() { write(w) })
		}
		all.Go(func() {
			for range 20 * n {
				sink = make([]byte, 1<<16)
			}
			runtime.GC()
		})
		all.Wait()
	},
}

// next keeps the compiler from making one assignment out of two.
//
//go:noinline
func next() {}

func write(w int) {
	for i := range n {
		mu.Lock()
		shared[w*n+i] = i
		list = append(list, i)
		text = strconv.Itoa(i) + "of"
		mu.Unlock()
	}
}

// both writes to two variables in one statement.
//
//go:noinline
func both() {
	pair.Text, pair.N = strconv.Itoa(n), n
}

//go:noinline
func local() {
	name := strconv.Itoa(n)
	next()
	name += "!"
	println(name)
}

func main() {
	if len(os.Args) > 2 {
		n, _ = strconv.Atoi(os.Args[2])
	}
	scenarios[os.Args[1]]()
	runtime.KeepAlive([]any{any1, inner, sink})
}
