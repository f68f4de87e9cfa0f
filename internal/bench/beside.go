package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/argusdbg/argus/backend"
)

// beside is what a program pays for variables that are watched while it does something
// else: the first four have debug registers, the others page guards.
type beside struct {
	what    string // of the program work, or compile
	watches int
}

// besideCases are the same programs beside more and more watchpoints.
func besideCases() []benchmark {
	var all []benchmark
	for _, c := range []struct {
		what, title string
		most        float64 // for as many as that is a goal of
		watches     []int
	}{
		{"json", "a value is encoded as JSON", 1.05, []int{5, 64, 1000}},
		{"map", "ten counts in a map", 1.05, []int{5, 64, 1000}},
		{"skewed", "ten counts in a map, and a write on the page of one of the watched variables", 2, []int{64}},
		{"compile", "the Go compiler compiles package unicode", 0, []int{5, 64, 1000}},
	} {
		for _, n := range c.watches {
			h := beside{c.what, n}
			b := benchmark{name: fmt.Sprintf("beside-%s-%d", c.what, n), title: fmt.Sprintf("%s, beside %d watched variables", c.title, n),
				unit: nanoseconds, any: true, run: map[tool]measure{argus: h.argus, nobody: h.alone},
				cannot: map[tool]string{delve: "it has four watchpoints at most"}}
			if c.most > 0 {
				b.goals = []goal{{Of: argus, To: nobody, AtMost: c.most}}
			}
			if c.what == "map" && n == 5 {
				b.run[gdb] = h.gdb
			} else {
				b.cannot[gdb] = "it executes one instruction at a time: a round takes it minutes and more"
			}
			all = append(all, b)
		}
	}
	return all
}

func (h beside) args(with *setting) ([]string, error) {
	if h.what != "compile" {
		return []string{with.program("work"), with.tally(), h.what, with.For.String()}, nil
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("go env GOROOT: %w", err)
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(root)), "src", "unicode", "*.go"))
	if err != nil {
		return nil, err
	}
	args := []string{with.program("compile"), "-p", "unicode", "-c", "2", "-o", filepath.Join(with.Scratch, "unicode.a")}
	for _, f := range files {
		if !strings.HasSuffix(f, "_test.go") {
			args = append(args, f)
		}
	}
	return args, nil
}

// argus watches them, without a condition: nobody writes them, but in the compiler.
func (h beside) argus(ctx context.Context, with *setting) (sample, error) {
	args, err := h.args(with)
	if err != nil {
		return sample{}, err
	}
	s, err := launch(ctx, args)
	if err != nil {
		return sample{}, err
	}
	defer s.Close()
	list, err := h.variables(args[0])
	if err != nil {
		return sample{}, err
	}
	for _, expr := range list {
		_, err := s.Watch(ctx, expr, backend.Write, backend.Report(func(*backend.Hit) {}))
		if ge := (*backend.GuardError)(nil); errors.As(err, &ge) {
			return sample{}, cannot("%v", err)
		}
		if err != nil {
			return sample{}, err
		}
	}
	began := time.Now()
	ev, err := s.Continue(ctx)
	took := time.Since(began)
	if err != nil {
		return sample{}, err
	}
	if exit, ok := ev.(*backend.Exit); !ok || exit.Status != 0 {
		return sample{}, fmt.Errorf("argus: the program was to run to its end: %v", ev)
	}
	for _, w := range s.Watchpoints() {
		if c := w.Coverage(); c != backend.Exact {
			return sample{}, fmt.Errorf("argus: %s: coverage %s", w.Expr(), c)
		}
	}
	return h.result(with, took)
}

// alone runs the program without a debugger.
func (h beside) alone(_ context.Context, with *setting) (sample, error) {
	args, err := h.args(with)
	if err != nil {
		return sample{}, err
	}
	pid, err := startTraced(args)
	if err != nil {
		return sample{}, err
	}
	began := time.Now()
	if err := runAlone(pid); err != nil {
		return sample{}, err
	}
	return h.result(with, time.Since(began))
}

// gdb steps through it, from where the rounds begin.
func (h beside) gdb(ctx context.Context, with *setting) (sample, error) {
	args, err := h.args(with)
	if err != nil {
		return sample{}, err
	}
	list, err := h.variables(args[0])
	if err != nil {
		return sample{}, err
	}
	script := fmt.Sprintf("file %s\nset args %s\ntbreak main.begun\nrun\nset can-use-hw-watchpoints 0\n", args[0], strings.Join(args[1:], " "))
	for _, expr := range list {
		script += "watch 'main.pages'" + strings.TrimPrefix(expr, "main.pages") + "\n"
	}
	out, err := runGDB(ctx, with, script+"continue\n")
	if err != nil {
		return sample{}, err
	}
	if !strings.Contains(out, "exited normally") {
		return sample{}, fmt.Errorf("gdb: the program was to run to its end: %s", lastLine(out))
	}
	return h.result(with, 0)
}

// result is what a round took, as the program says, or all of the compiler's run.
func (h beside) result(with *setting, all time.Duration) (sample, error) {
	if h.what == "compile" {
		return sample{Value: float64(all.Nanoseconds())}, nil
	}
	text, err := os.ReadFile(with.tally())
	if err != nil {
		return sample{}, fmt.Errorf("the program has left no result: %w", err)
	}
	var took, rounds float64
	if _, err := fmt.Sscanf(string(text), "%g %g\n", &took, &rounds); err != nil || rounds < 1 {
		return sample{}, fmt.Errorf("the program's result is %q: %w", text, err)
	}
	return sample{Value: took / rounds}, nil
}

// variables are what is watched, each on a page of its own as far as that is possible.
func (h beside) variables(path string) (list []string, err error) {
	if h.what != "compile" {
		for i := range h.watches {
			list = append(list, fmt.Sprintf("main.pages[%d].V", i))
		}
		return list, nil
	}
	words, err := words(path)
	if err != nil {
		return nil, err
	}
	for _, addr := range apart(words, h.watches) {
		list = append(list, fmt.Sprintf("*(*uint64)(%#x)", addr))
	}
	if len(list) < h.watches {
		return nil, cannot("the compiler has %d such variables", len(list))
	}
	return list, nil
}
