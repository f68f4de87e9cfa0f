// Target is a program for the tests of the command: what scenarios has not.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

var (
	count int
	label [4]byte
)

func main() {
	if len(os.Args) < 2 {
		return
	}
	switch os.Args[1] {
	case "args":
		count++
		fmt.Printf("%q\n", os.Args[2:])
	case "env":
		count++
		dir, _ := os.Getwd()
		fmt.Println(dir, strings.Join(os.Args[2:], " "))
	case "stubborn":
		stubborn()
	case "steps":
		steps()
	case "never":
		fmt.Println("ready")
		os.Stdin.Read(make([]byte, 1))
	}
}

// stubborn says what signals it gets and ends by none.
func stubborn() {
	sigs := make(chan os.Signal, 8)
	signal.Notify(sigs, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	count++
	fmt.Println("ready")
	for sig := range sigs {
		count++
		fmt.Println("got", sig)
	}
}

// steps writes once for each byte of its input, and says so.
func steps() {
	var b [1]byte
	fmt.Println("ready")
	for {
		if n, _ := os.Stdin.Read(b[:]); n == 0 {
			return
		}
		count++
		fmt.Println("step", count)
	}
}
