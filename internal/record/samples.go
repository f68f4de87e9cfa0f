package record

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/perf"
)

// settling is how long after its time a sample is in its ring at the latest, as far as
// order is concerned: it takes some microseconds, unless a hypervisor takes the processor
// away.
const settling = int64(time.Millisecond)

// samples is the source that is the kernel's own samples.
type samples struct {
	rings     []*sampleRing
	events    events
	hits      uint64 // that were samples
	lost      uint64 // that the kernel said it had no room for
	throttled uint64
	ended     bool
	missed    uint64        // hits that left no sample, when stopped
	rest      []perf.Sample // what was in the rings when it was stopped, in order of time
}

// sampleRing is the ring of a processor.
type sampleRing struct {
	ring *perf.Ring
	head perf.Sample // the oldest one
	full bool        // there is one
}

func openSamples(c *Config) (*samples, error) {
	cpus, err := online()
	if err != nil {
		return nil, err
	}
	s := &samples{}
	size := ringSize(len(cpus))
	for _, cpu := range cpus {
		if err = s.arm(c, cpu, size); err != nil {
			break
		}
	}
	if err == nil {
		err = s.events.enable()
	}
	if err != nil {
		_ = s.events.close() // the first error counts
		_ = s.close()
		return nil, err
	}
	return s, nil
}

// ringSize is how many bytes a processor's ring has: there are more than 16 MiB in all only
// where that would be less than what every user may have.
func ringSize(cpus int) int {
	size := 4 << 20
	for size > 512<<10 && size*cpus > 16<<20 {
		size /= 2
	}
	return size
}

// arm opens the events of a processor, with a ring for them.
func (s *samples) arm(c *Config, cpu, ringSize int) error {
	kernel := perf.Probe().Kernel == nil
	var ring *perf.Ring
	for _, tid := range c.Threads {
		for _, p := range c.Points {
			e, err := perf.OpenSampled(tid, cpu, p, perf.Sampling{Stack: c.Stack, Kernel: kernel})
			if errors.Is(err, perf.ErrGone) {
				break
			}
			if err != nil {
				return err
			}
			s.events = append(s.events, e)
			if ring != nil {
				if err := e.Redirect(ring); err != nil {
					return err
				}
				continue
			}
			if ring, err = perf.NewRing(e, ringSize); err != nil {
				return err
			}
			s.rings = append(s.rings, &sampleRing{ring: ring})
		}
	}
	return nil
}

// next merges the rings by time. What is so young that an older one may yet come is left
// for later.
func (s *samples) next(r *Record) bool {
	if len(s.rest) > 0 {
		decodeSample(r, &s.rest[0])
		s.rest = s.rest[1:]
		return true
	}
	until := monotonic() - settling
	var oldest *sampleRing
	for _, ring := range s.rings {
		for !ring.full && s.fill(ring) {
		}
		if ring.full && (oldest == nil || ring.head.Time < oldest.head.Time) {
			oldest = ring
		}
	}
	if oldest == nil || oldest.head.Time > until {
		return false
	}
	oldest.full = false
	decodeSample(r, &oldest.head)
	return true
}

// fill takes one thing out of a ring, and reports whether there was any.
func (s *samples) fill(ring *sampleRing) bool {
	switch kind, n := ring.ring.Next(&ring.head); kind {
	case perf.Empty:
		return false
	case perf.Hit:
		ring.full = true
		s.hits++
	case perf.Lost:
		s.lost += n
	case perf.Throttled:
		s.throttled++
	}
	return true
}

func decodeSample(r *Record, s *perf.Sample) {
	r.Addr = s.Addr
	r.Time, r.TID, r.Kernel, r.HasValues = s.Time, s.TID, s.Kernel, false
	r.Doubtful = false
	r.Goroutine, r.StartPC, r.Call, r.Top = Unknown, 0, -1, s.Top
	r.Stack, r.Depth = s.Stack, s.Depth
	if r.HasRegs = s.HasRegs; s.HasRegs {
		fromSample(&r.Regs, s)
	}
	r.PC = s.PC
	if s.Kernel {
		r.HasRegs = false // they are those behind the system call
		if r.PC = 0; s.HasRegs {
			r.PC = r.Regs.PC
		}
	}
	if r.Depth == 0 {
		r.Stack[0], r.Depth = r.PC, 1
	}
}

// stop takes what is in the rings, and unmaps them: their events would keep their slots.
func (s *samples) stop() error {
	total, err := s.events.stop()
	for _, ring := range s.rings {
		for ring.full || s.fill(ring) {
			if ring.full {
				s.rest = append(s.rest, ring.head)
				ring.full = false
			}
		}
	}
	slices.SortStableFunc(s.rest, func(a, b perf.Sample) int { return cmp.Compare(a.Time, b.Time) })
	s.ended = err == nil && total >= s.hits
	s.missed = total - s.hits
	return errors.Join(err, s.close())
}

func (s *samples) counts() Counts {
	c := Counts{Lost: s.lost, Throttled: s.throttled}
	if s.ended {
		c.Lost = s.missed
	}
	return c
}

func (s *samples) close() error {
	var errs []error
	for _, ring := range s.rings {
		errs = append(errs, ring.ring.Close())
	}
	s.rings = nil
	return errors.Join(errs...)
}

// monotonic is the time as samples have it.
func monotonic() int64 {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) // cannot fail
	return ts.Nano()
}

const onlineFile = "/sys/devices/system/cpu/online"

// online lists the processors.
func online() ([]int, error) {
	b, err := os.ReadFile(onlineFile)
	if err != nil {
		return nil, fmt.Errorf("which processors there are: %w", err)
	}
	return parseList(strings.TrimSpace(string(b)))
}

// parseList reads "0-3,8" (Documentation/admin-guide/cputopology.rst).
func parseList(text string) (list []int, err error) {
	for part := range strings.SplitSeq(text, ",") {
		from, to, isRange := strings.Cut(part, "-")
		first, err := strconv.Atoi(from)
		last := first
		if err == nil && isRange {
			last, err = strconv.Atoi(to)
		}
		if err != nil || first < 0 || last < first || last > 1<<16 {
			return nil, fmt.Errorf("%s is %q: not a list of processors", onlineFile, text)
		}
		for cpu := first; cpu <= last; cpu++ {
			list = append(list, cpu)
		}
	}
	return list, nil
}
