package kstop

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"

	"github.com/argusdbg/argus/hwbp"
	"github.com/argusdbg/argus/internal/perf"
	"github.com/argusdbg/argus/internal/testkit"
)

func execution(addr uint64) hwbp.Point { return hwbp.Point{Addr: addr, Len: 1, Access: hwbp.Execute} }

// Take gives each thread its own records, each once and in order.
func TestTake(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := &Program{closed: true} // there is no ring to drain
		var left []Record
		for i := range rapid.IntRange(0, 40).Draw(t, "steps") {
			tid := rapid.IntRange(1, 3).Draw(t, "tid")
			pc := uint64(rapid.IntRange(1, 2).Draw(t, "pc"))
			if rapid.Bool().Draw(t, "hit") {
				r := Record{TID: tid, PC: pc, Addr: uint64(i)}
				p.waiting, left = append(p.waiting, r), append(left, r)
				continue
			}
			var wantHere, wantEarlier []Record
			left = slices.DeleteFunc(left, func(r Record) bool {
				switch {
				case r.TID != tid:
					return false
				case r.PC == pc:
					wantHere = append(wantHere, r)
				default:
					wantEarlier = append(wantEarlier, r)
				}
				return true
			})
			if here, earlier := p.Take(tid, pc); !slices.Equal(here, wantHere) || !slices.Equal(earlier, wantEarlier) {
				t.Fatalf("thread %d at %d: %v and %v, want %v and %v", tid, pc, here, earlier, wantHere, wantEarlier)
			}
		}
	})
}

// Records nobody asks for are dropped at last, the oldest first, and counted.
func TestUntakenRecordsAreBounded(t *testing.T) {
	need(t)
	const stores = 30_000
	p := beginC(t, "stores", fmt.Sprint(stores), "1")
	prog := mustLoad(t, 4<<20)
	e := watch(t, p.pid(), store(p.data), prog, perf.Options{})
	unknown := p.ask()[2]
	n, err := e.Count()
	if err != nil || n+unknown != stores {
		t.Fatal(n, unknown, err)
	}
	prog.Take(1, 1)
	if len(prog.waiting) != maxWaiting || prog.Lost() != n-maxWaiting {
		t.Errorf("%d records kept, %d lost", len(prog.waiting), prog.Lost())
	}
	_, earlier := prog.Take(p.pid(), 1)
	for i := 1; i < len(earlier); i++ {
		if earlier[i].Time <= earlier[i-1].Time {
			t.Fatal("out of order")
		}
	}
	if len(earlier) != maxWaiting {
		t.Errorf("%d records", len(earlier))
	}
}

func TestTakeDoesNotAllocate(t *testing.T) {
	need(t)
	p := beginC(t, "live")
	prog := mustLoad(t, ringSize)
	tids := threads(t, p.pid())
	for _, tid := range tids {
		watch(t, tid, store(p.data), prog, perf.Options{})
	}
	take := func() {
		for taken := 0; taken == 0; {
			for _, tid := range tids {
				here, earlier := prog.Take(tid, 1)
				taken += len(here) + len(earlier)
			}
		}
	}
	for range 200 { // until the buffers are as large as they get
		take()
	}
	if n := testing.AllocsPerRun(100, take); n >= 1 {
		t.Errorf("%v allocations", n)
	}
}

func threads(t testing.TB, pid int) (tids []int) {
	t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		var tid int
		if _, err := fmt.Sscan(e.Name(), &tid); err == nil {
			tids = append(tids, tid)
		}
	}
	return tids
}

// In a container the ids are those that its processes see.
func TestNamespace(t *testing.T) {
	need(t)
	if os.Getuid() != 0 {
		t.Skip("a namespace is root's to make")
	}
	path := testkit.C(t, "kstop", targetSource, "-O1", "-no-pie", "-static", "-fcf-protection=none")
	cmd := self("namespace", path)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID}
	out, err := cmd.Output()
	if err != nil || string(out) != "<nil>\n" {
		t.Errorf("%s, %v", out, err)
	}
}

// lookFromNamespace looks whether the records of a child carry its id as we see it.
func lookFromNamespace(path string) error {
	if os.Getpid() != 1 {
		return fmt.Errorf("this is process %d", os.Getpid())
	}
	prog, err := Load()
	if err != nil {
		return err
	}
	defer prog.Close()
	cmd := exec.Command(path, "stores", "10", "1")
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	var data, code, lost, caught, unknown uint64
	if _, err := fmt.Fscan(out, &data, &code); err != nil {
		return err
	}
	e, err := openOn(cmd.Process.Pid, store(data), prog, perf.Options{})
	if err != nil {
		return err
	}
	defer e.Close()
	if _, err := io.WriteString(in, "\n"); err != nil {
		return err
	}
	if _, err := fmt.Fscan(out, &lost, &caught, &unknown); err != nil {
		return err
	}
	if err := in.Close(); err != nil {
		return err
	}
	if _, earlier := prog.Take(cmd.Process.Pid, 1); len(earlier)+int(unknown) != 10 || earlier[0].PID != cmd.Process.Pid {
		return fmt.Errorf("child %d: records %v of %v", cmd.Process.Pid, earlier, prog.waiting)
	}
	return cmd.Wait()
}
