package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// eachDriver runs a test on each way to arm debug registers.
func eachDriver(t *testing.T, fn func(t *testing.T, driver string)) {
	for _, d := range []string{"perf", "ptrace"} {
		t.Run(d, func(t *testing.T) { fn(t, d) })
	}
}

func cellExpr(i int) string { return fmt.Sprintf("main.cells[%d].V", i) }

func cellFlags(from, to int) (flags []string) {
	for i := from; i < to; i++ {
		flags = append(flags, "-w", cellExpr(i))
	}
	return flags
}

func number(t *testing.T, w map[string]any, key string) float64 {
	t.Helper()
	v, ok := w[key].(float64)
	if !ok {
		t.Fatalf("%s is %v: %v", key, w[key], w)
	}
	return v
}

// balanced fails the test if the times of a watchpoint do not add up.
func balanced(t *testing.T, w map[string]any) {
	t.Helper()
	enabled, running := number(t, w, "enabled_ns"), number(t, w, "running_ns")
	if sum := running + number(t, w, "clean_ns") + number(t, w, "blind_ns"); sum != enabled {
		t.Errorf("%v: enabled for %v, and the parts are %v", w["watch"], enabled, sum)
	}
	if share := number(t, w, "share"); enabled > 0 && share != running/enabled {
		t.Errorf("%v: share %v", w["watch"], share)
	}
}

// TestTurns: twelve watchpoints on four debug registers.
func TestTurns(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		args := append([]string{"watch", "--json", "-q", "--mode", "sampled", "--driver", driver, "--slice", "1ms"}, cellFlags(0, 12)...)
		r := runArgus(t, append(args, crowdPath, "--", "turns", "1500")...)
		all := summaryOf(t, events(t, splitLines(r.stdout)))
		if r.status != 0 || r.stderr != "" || len(all) != 12 {
			t.Fatalf("status %d, %d watchpoints, stderr %s", r.status, len(all), r.stderr)
		}
		for i, w := range all {
			balanced(t, w)
			if w["watch"] != cellExpr(i) || w["mode"] != "sampled" || w["driver"] != driver || w["coverage"] != "partial" || w["reason"] == "" || w["group"] != 0.0 {
				t.Errorf("got %v", w)
			}
			// On a busy machine turns are longer, and few.
			if number(t, w, "hits") == 0 || number(t, w, "turns") == 0 || number(t, w, "share") == 0 || number(t, w, "share") == 1 || number(t, w, "blind_ns") == 0 {
				t.Errorf("did not take turns: %v", w)
			}
			if w["estimate"] == nil || w["estimate_error"] == nil {
				if number(t, w, "turns") >= 3 || w["estimate"] != w["estimate_error"] {
					t.Errorf("%v turns, estimate %v, give or take %v", w["turns"], w["estimate"], w["estimate_error"])
				}
			} else if number(t, w, "estimate") <= number(t, w, "hits") || number(t, w, "estimate_error") == 0 {
				t.Errorf("%v hits, estimate %v, give or take %v", w["hits"], w["estimate"], w["estimate_error"])
			}
		}
	})
}

// TestTurnsText: a dozen lines that are aligned, in a hundred columns, and what they mean.
func TestTurnsText(t *testing.T) {
	args := append([]string{"watch", "--quiet", "--mode=sampled"}, cellFlags(0, 12)...)
	r := runArgus(t, append(args, crowdPath, "--", "turns", "1500")...)
	lines := splitLines(r.stdout)
	if r.status != 0 || r.stderr != "" || len(lines) < 17 || lines[0] != "crowd exited with status 0" {
		t.Fatalf("status %d, %s%s", r.status, r.stdout, r.stderr)
	}
	row := regexp.MustCompile(`^main\.cells\[\d+\]\.V +\d+  partial +[<>]?[0-9.]+%  [0-9.]+m?s( +[0-9.]+[mnµ]?s)+ +(\d+|\?) +(\d+|\?)( +\d+)? +\d+$`)
	for i, line := range lines[1:14] {
		if width := len([]rune(line)); width > 100 || width != len([]rune(lines[1])) || i > 0 && !row.MatchString(line) {
			t.Errorf("got %q", line)
		}
	}
	if text := strings.Join(lines[14:], " "); !strings.Contains(text, "it was off for a time") || strings.Count(text, "OF is the time that the program's threads ran") != 1 {
		t.Errorf("got %s", text)
	}
}

// TestTurnsHits: hits are told of as ever, each with a number of its own.
func TestTurnsHits(t *testing.T) {
	args := append([]string{"watch", "--json", "--mode=sampled", "--slice=500us"}, cellFlags(0, 6)...)
	r := runArgus(t, append(args, crowdPath, "--", "turns", "600")...)
	all := events(t, splitLines(r.stdout))
	told := map[any]float64{}
	for _, h := range only(all, "hit") {
		if told[h["watch"]]++; h["number"] != told[h["watch"]] || h["function"] != "main.turns" {
			t.Fatalf("hit %v of %v: %v", told[h["watch"]], h["watch"], h)
		}
	}
	for _, w := range summaryOf(t, all) {
		if number(t, w, "reported") != told[w["watch"]] || number(t, w, "hits") != told[w["watch"]] || told[w["watch"]] == 0 {
			t.Errorf("%v told, and %v", told[w["watch"]], w)
		}
	}
}

// TestCovered: nobody writes where a watchpoint is that takes turns, and that is known.
func TestCovered(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		args := append([]string{"watch", "--json", "-q", "--mode=sampled", "--driver", driver, "-w", "main.lonely.V"}, cellFlags(0, 5)...)
		w := summaryOf(t, events(t, splitLines(runArgus(t, append(args, crowdPath, "--", "turns", "300")...).stdout)))[0]
		balanced(t, w)
		if number(t, w, "hits") != 0 || number(t, w, "clean_ns") <= number(t, w, "blind_ns") {
			t.Errorf("got %v", w)
		}
	})
}

// TestGroup: what is in a group is on together, and what -w and -rw name keeps its access.
func TestGroup(t *testing.T) {
	eachDriver(t, func(t *testing.T, driver string) {
		r := runArgus(t, "watch", "--json", "-q", "--mode=sampled", "--driver", driver, "--group", cellExpr(1)+", "+cellExpr(2)+","+cellExpr(3), "-w", cellExpr(0),
			"-rw", cellExpr(2), "--group", cellExpr(4)+","+cellExpr(5), crowdPath, "--", "turns", "1000")
		all := summaryOf(t, events(t, splitLines(r.stdout)))
		if r.status != 0 || len(all) != 6 {
			t.Fatalf("status %d, %v, stderr %s", r.status, all, r.stderr)
		}
		on := map[float64]float64{}
		for i, want := range []struct {
			expr, access string
			group        float64
		}{{cellExpr(0), "write", 0}, {cellExpr(2), "read-write", 1}, {cellExpr(1), "write", 1}, {cellExpr(3), "write", 1}, {cellExpr(4), "write", 2}, {cellExpr(5), "write", 2}} {
			w := all[i]
			balanced(t, w)
			if w["watch"] != want.expr || w["access"] != want.access || w["group"] != want.group || number(t, w, "hits") == 0 {
				t.Errorf("got %v, want %v", w, want)
			}
			running := number(t, w, "running_ns")
			if before, ok := on[want.group]; ok && before != running {
				t.Errorf("%s was on for %v, another of its group for %v", want.expr, running, before)
			}
			on[want.group] = running
		}
	})
	r := runArgus(t, "watch", "-q", "--group", cellExpr(1)+","+cellExpr(2), crowdPath, "--", "turns", "20")
	if !regexp.MustCompile(`(?m)^WATCHPOINT +GROUP +HITS  COVERAGE  LOST\nmain\.cells\[1\]\.V +1 +\d+  exact `).MatchString(r.stdout) {
		t.Errorf("got\n%s", r.stdout)
	}
}

// TestPinned: as exact, with another name in the summary.
func TestPinned(t *testing.T) {
	r := runArgus(t, "watch", "--json", "-q", "--mode", "pinned", "-w", "main.x", scenariosPath, "--", "twice", "10")
	w := summaryOf(t, events(t, splitLines(r.stdout)))[0]
	if w["mode"] != "pinned" || w["coverage"] != "exact" || w["hits"] != 20.0 || w["estimate"] != 20.0 || w["estimate_error"] != 0.0 || w["share"] != 1.0 {
		t.Errorf("got %v", w)
	}
}

// TestThreads: only the accesses of the thread that is named count.
func TestThreads(t *testing.T) {
	r := runArgus(t, "watch", "--json", "-q", "--thread", "main", "-w", "main.x", scenariosPath, "--", "twice", "10")
	if w := summaryOf(t, events(t, splitLines(r.stdout)))[0]; w["hits"] != 20.0 || w["coverage"] != "exact" {
		t.Errorf("the main thread's: %v, %s", w, r.stderr)
	}
	target := running(t, scenariosPath, "forever") // which writes on its main thread
	pid := target.Process.Pid
	r = finish(command(t, "attach", "--json", "-q", "--thread", "1", "-w", "main.x", strconv.Itoa(pid)))
	if r.status != statusFailed || !strings.Contains(r.stderr, "--thread: the process has no thread 1; ls /proc/PID/task") || !free(pid) {
		t.Errorf("status %d, stderr %q", r.status, r.stderr)
	}
	r = finish(command(t, "attach", "--json", "-q", "--thread", strconv.Itoa(pid), "--stop-after", "3", "-w", "main.x", strconv.Itoa(pid)))
	if w := summaryOf(t, events(t, splitLines(r.stdout)))[0]; w["hits"] != 3.0 || w["coverage"] != "exact" {
		t.Errorf("the writing thread's: %v, %s", w, r.stderr)
	}
	p := command(t, "attach", "--json", "-q", "--thread", otherThread(t, pid), "-w", "main.x", strconv.Itoa(pid)).start()
	eventually(t, "attached", func() bool { return !free(pid) })
	progress(t, pid) // it is let run when the watchpoint has been set
	if err := p.Process.Signal(unix.SIGINT); err != nil {
		t.Fatal(err)
	}
	w := summaryOf(t, events(t, p.stdout.rest()))[0]
	if status := p.wait(); status != 0 || w["hits"] != 0.0 {
		t.Errorf("another thread's: status %d, %v, %s", status, w, &p.stderr)
	}
}

// otherThread is the id of a thread that is not the main one.
func otherThread(t *testing.T, pid int) string {
	t.Helper()
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		if tid := filepath.Base(task); tid != strconv.Itoa(pid) {
			return tid
		}
	}
	t.Fatal("it has one thread")
	return ""
}

// TestDriver: the summary says what armed the registers.
func TestDriver(t *testing.T) {
	auto := "perf" // where breakpoint events are permitted, as the checks see to
	for flag, want := range map[string]string{"auto": auto, "perf": "perf", "ptrace": "ptrace"} {
		r := runArgus(t, "watch", "--json", "-q", "--driver", flag, "-w", "main.x", scenariosPath, "--", "twice", "10")
		if w := summaryOf(t, events(t, splitLines(r.stdout)))[0]; w["driver"] != want || w["hits"] != 20.0 || r.stderr != "" {
			t.Errorf("--driver %s: %v, %s", flag, w, r.stderr)
		}
	}
}

// TestNoPerf: a user who asks for what is not permitted is told why.
func TestNoPerf(t *testing.T) {
	paranoid, err := os.ReadFile("/proc/sys/kernel/perf_event_paranoid")
	if level, _ := strconv.Atoi(strings.TrimSpace(string(paranoid))); err != nil || level < 3 || os.Geteuid() == 0 {
		t.Skip("perf events are permitted here")
	}
	r := runArgus(t, "watch", "--driver", "perf", "-w", "main.x", scenariosPath, "--", "twice", "10")
	if r.status != statusFailed || !strings.Contains(r.stderr, "driver perf cannot be had here: ") || !strings.Contains(r.stderr, "perf_event_paranoid") {
		t.Errorf("status %d, %s", r.status, r.stderr)
	}
}
