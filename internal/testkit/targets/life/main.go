// Life is the target of tests of how programs are started and ended. Its first argument
// says what it does.
package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	switch what := os.Args[1]; what {
	case "say": // what it was given
		dir, _ := os.Getwd()
		name := os.Args[2]
		value, ok := os.LookupEnv(name)
		fmt.Printf("dir=%s %s=%q,%v args=%s\n", dir, name, value, ok, strings.Join(os.Args[3:], "|"))
	case "cat":
		_, _ = io.Copy(os.Stdout, os.Stdin)
		fmt.Fprintln(os.Stderr, "to stderr")
	case "exit":
		status, _ := strconv.Atoi(os.Args[2])
		os.Exit(status)
	case "wait":
		fmt.Println("ready", os.Getpid())
		if len(os.Args) > 2 { // tells "child" that it has said so
			_ = os.NewFile(3, "said").Close()
		}
		for n := 0; ; n++ {
			time.Sleep(time.Millisecond) // a line that is reached again and again
		}
	case "tidy": // ends as it is asked to
		asked := make(chan os.Signal, 1)
		signal.Notify(asked, syscall.SIGTERM)
		fmt.Println("ready", os.Getpid())
		<-asked
		fmt.Println("tidied up")
		os.Exit(3)
	case "child": // leaves one behind that holds its output
		child := exec.Command(os.Args[0], "wait", "said")
		said, w, err := os.Pipe()
		if err != nil {
			panic(err)
		}
		child.Stdout, child.Stderr, child.ExtraFiles = os.Stdout, os.Stderr, []*os.File{w}
		if err := child.Start(); err != nil {
			panic(err)
		}
		_ = w.Close()
		_, _ = io.ReadAll(said)
		fmt.Println("child", child.Process.Pid)
	case "exec":
		fmt.Println("before")
		if err := syscall.Exec(os.Args[2], os.Args[2:], os.Environ()); err != nil {
			panic(err)
		}
	case "dial": // a network and an address: says what is heard there
		conn, err := net.Dial(os.Args[2], os.Args[3])
		if err != nil {
			fmt.Println("refused:", err)
			return
		}
		heard, err := io.ReadAll(conn)
		fmt.Printf("heard %q, %v\n", heard, err)
	case "fds": // what is open besides the standard files
		open, _ := os.ReadDir("/proc/self/fd")
		for _, f := range open {
			if n, _ := strconv.Atoi(f.Name()); n > 2 {
				to, _ := os.Readlink("/proc/self/fd/" + f.Name())
				fmt.Println("fd", f.Name(), to)
			}
		}
		fmt.Println("done")
	default:
		panic("unknown: " + what)
	}
}
