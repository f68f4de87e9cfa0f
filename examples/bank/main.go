// Bank is a program to point Argus at.
//
// Eight goroutines move money through one balance, the till of a small bank.
// Seven are tellers, who carry money from one account to another: five into the
// till, and later five out of it, if there are five. The eighth is a collector
// who comes for the bank's fees, and every day ends with the till overdrawn.
//
// Who did it? All eight change the balance in the same two functions, and each
// holds the lock, so neither the source line nor the race detector tells. Ask
// for every write, with the goroutine that made it:
//
//	argus watch -w main.balance ./examples/bank
//
// or only for those that leave less than nothing in the till, the first of which
// is the one:
//
//	argus watch -w main.balance --if 'main.balance < 0' ./examples/bank
package main

import (
	"flag"
	"fmt"
	"os"
	"sync"
	"time"
)

const (
	tellers = 7
	rounds  = 16 // of each teller
	amount  = 5  // what a teller moves in a round

	visits = 4   // of the collector
	fee    = 400 // what the collector takes in a visit
)

// The till. The tellers never have more than 35 in it that they have not yet
// taken out, so the collector's third visit finds 235 at most.
var (
	mu      sync.Mutex
	balance = 1000
)

// working counts who has not gone home. It is no argument of the goroutines, so
// that their start functions are teller and collector and not a wrapper's name.
var working sync.WaitGroup

// deposit puts n into the till. The caller holds mu.
func deposit(n int) {
	balance += n
}

// withdraw takes n out of the till. The caller holds mu and has looked whether
// there is as much.
func withdraw(n int) {
	balance -= n
}

// teller moves money in and out, and never takes what is not there.
func teller() {
	defer working.Done()
	for range rounds {
		mu.Lock()
		deposit(amount)
		mu.Unlock()

		count(amount)

		mu.Lock()
		if balance >= amount {
			withdraw(amount)
		}
		mu.Unlock()

		count(amount)
	}
}

// collector takes the fees, and here is the bug: nobody looks whether the till
// has as much.
func collector() {
	defer working.Done()
	for range visits {
		count(8 * amount)

		mu.Lock()
		withdraw(fee)
		mu.Unlock()
	}
}

// count takes the time that counting n coins takes.
func count(n int) {
	time.Sleep(time.Duration(n) * 2 * time.Millisecond)
}

// day is a day at the bank. It returns what is in the till at its end.
func day() int {
	working.Add(tellers + 1)
	for range tellers {
		go teller()
	}
	go collector()
	working.Wait()
	return balance
}

func main() {
	strict := flag.Bool("strict", false, "exit with status 1 if the till is overdrawn")
	flag.Parse()

	left := day()
	fmt.Println("balance:", left)
	if left < 0 {
		fmt.Println("overdrawn!")
		if *strict {
			os.Exit(1)
		}
	}
}
