// Schedsim shows what each policy of package sched does when more is watched than
// there are slots: who is on when, who gets which share, how long anyone waits, and
// how long a rarely written variable's writer goes on until it is caught. It runs
// no program; time is simulated, and the same seed gives the same numbers.
//
//	go run ./examples/schedsim
//	go run ./examples/schedsim -svg who-was-on.svg
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/argusdbg/argus/sched"
)

const (
	ms     = sched.Time(1e6)
	second = 1000 * ms
)

// policies are compared, the first as perf_event does it.
var policies = []struct {
	name string
	sched.Policy
}{
	{"round robin", sched.RoundRobin{}},
	{"weighted", sched.Weighted{}},
	{"adaptive", sched.Adaptive{}},
}

func main() {
	seed := flag.Uint64("seed", 1, "another seed is another program that is watched")
	trials := flag.Int("trials", 100, "programs that are watched for rare writers")
	lanes := flag.Int("lanes", 1000, "threads of the crowd")
	svg := flag.String("svg", "", "draw who was on when to `FILE`")
	flag.Parse()
	if flag.NArg() > 0 || *trials < 1 || *lanes < 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := show(os.Stdout, *svg, *seed, *trials, *lanes); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func show(w io.Writer, svg string, seed uint64, trials, lanes int) error {
	drawn, err := showShares(w, seed)
	if err != nil {
		return err
	}
	if err := showRare(w, seed, trials); err != nil {
		return err
	}
	if err := showCrowd(w, seed, lanes); err != nil {
		return err
	}
	if svg == "" {
		return nil
	}
	var text strings.Builder
	draw(&text, drawn)
	return os.WriteFile(svg, []byte(text.String()), 0o644)
}
