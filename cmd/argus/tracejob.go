package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/argusdbg/argus/backend"
	"github.com/argusdbg/argus/internal/tty"
)

// tracePrinter is a way to show what was traced.
type tracePrinter interface {
	record(dst []byte, r *traced) []byte
	end(dst []byte, e *ending) []byte
	totals(dst []byte, traces []*backend.Trace) []byte
}

// traced is a record, and whose it is.
type traced struct {
	*backend.Record
	expr string
	at   time.Duration // since the first of the traces began
}

// traceJob is one program that is traced. Records are printed while the program runs on:
// who reads them slowly loses some, which is said.
type traceJob struct {
	job
	method  backend.TraceMethod
	traces  []*backend.Trace
	printer tracePrinter
	batch   []traced
}

// How long it takes until records are looked for, and how many are printed at once.
const (
	traceTurn  = 5 * time.Millisecond
	traceBatch = 4096
	// traceSettling is more than how long after its write a record can be read: a
	// millisecond, for the kernel's samples.
	traceSettling = 2 * time.Millisecond
)

// arm begins to trace and opens the output.
func (j *traceJob) arm(ctx context.Context) (err error) {
	for _, a := range j.options.watches {
		t, err := j.session.Trace(ctx, a.expr, backend.TraceOptions{Method: j.method, Stack: int(j.stack), If: j.cond, Every: j.every})
		if err != nil {
			j.close()
			return err
		}
		j.traces = append(j.traces, t)
	}
	if j.process, err = os.FindProcess(j.session.PID()); err != nil {
		return err
	}
	if j.out, err = openOutput(j.file); err != nil {
		return err
	}
	if j.json {
		j.printer = newJSONLines()
	} else {
		j.printer = newTextLines(wantColor(j.color, j.out.file), j.options)
	}
	if tty.Is(os.Stderr) && (tty.Is(os.Stdout) && !j.json || j.file != "") && os.Getenv("TERM") != "dumb" {
		j.out.status = &status{tty: os.Stderr, pal: wantColor(j.color, os.Stderr)}
	}
	return nil
}

func (j *traceJob) close() {
	for _, t := range j.traces {
		_ = t.Close() // nothing was lost by it: finish has told of everything
	}
}

// run lets the program run to its end, or ours, and returns the exit status.
func (j *traceJob) run(sigs *signals) (status int, err error) { return j.conduct(j, sigs) }

// untilEnd runs the program until nothing is traced any more, and all records are printed.
func (j *traceJob) untilEnd() (backend.Event, error) {
	var printing sync.WaitGroup
	printing.Go(j.print)
	defer printing.Wait()
	for ev, err := range j.session.Run(context.Background()) {
		_, stopped := ev.(*backend.Stop)
		switch {
		case err != nil:
			return ev, errors.Join(err, j.session.Close())
		case !stopped:
			return ev, nil
		case j.why() != "":
			return j.session.Ended(), j.session.Close()
		}
	}
	return j.session.Ended(), nil
}

func (j *traceJob) end(dst []byte, e *ending) []byte { return j.printer.end(dst, e) }

// print prints records until all traces are over and have been read.
func (j *traceJob) print() {
	tick := time.NewTicker(traceTurn)
	defer tick.Stop()
	for {
		over := !slices.ContainsFunc(j.traces, func(t *backend.Trace) bool { return !t.Over() })
		n, full := j.gather()
		if over && !full {
			n = len(j.batch)
		}
		if !j.show(n) {
			return
		}
		switch {
		case full:
		case over:
			return
		default:
			<-tick.C
		}
	}
}

// gather takes what there is, and reports whether there may be more. It says how many of
// the batch are in their order for good: what comes next is younger. A record is to be had a
// little after its write.
func (j *traceJob) gather() (settled int, more bool) {
	first := j.traces[0].Began()
	until := time.Since(first) - traceSettling
	for _, t := range j.traces {
		n := 0
		for ; n < traceBatch; n++ {
			r := t.Next()
			if r == nil {
				break
			}
			j.batch = append(j.batch, traced{r, t.Expr(), t.Began().Sub(first) + r.Time})
		}
		if n == traceBatch {
			more, until = true, min(until, j.batch[len(j.batch)-1].at)
		}
	}
	if len(j.traces) == 1 {
		return len(j.batch), more
	}
	slices.SortStableFunc(j.batch, func(a, b traced) int { return cmp.Compare(a.at, b.at) })
	for settled < len(j.batch) && j.batch[settled].at <= until {
		settled++
	}
	return settled, more
}

// show prints the first n that were gathered. It is false when nothing is printed any more.
func (j *traceJob) show(n int) bool {
	j.line = j.line[:0]
	for i := range j.batch[:n] {
		if j.reported == j.stopAfter && j.stopAfter > 0 {
			break
		}
		j.reported++
		if !j.quiet {
			j.line = j.printer.record(j.line, &j.batch[i])
		}
	}
	rest := copy(j.batch, j.batch[n:])
	clear(j.batch[rest:])
	j.batch = j.batch[:rest]
	if len(j.line) > 0 && j.out.write(j.line) != nil {
		j.deaf()
		return false
	}
	if j.reported == j.stopAfter && j.stopAfter > 0 {
		j.because(byStopAfter)
		_ = j.session.Close() // an error: it has ended
		return false
	}
	return true
}

// progress is the text of the live counter.
func (j *traceJob) progress() string {
	var records, lost uint64
	var rate float64
	for _, t := range j.traces {
		st := t.Stats()
		records, lost, rate = records+st.Records, lost+st.Lost, rate+st.Rate
	}
	return fmt.Sprintf("%s, %.0f a second, %d lost, %.1f s", plural(records, "record"), rate, lost, time.Since(j.began).Seconds())
}

// finish prints how it ended and the summary.
func (j *traceJob) finish(ev backend.Event, runErr error) (int, error) {
	e := &ending{name: j.name, event: ev, reason: j.why(), hits: j.reported, records: true}
	var last []byte
	if ev != nil {
		last = j.printer.end(last, e)
	}
	last = j.printer.totals(last, j.traces)
	if status, over, err := j.conclude(last, runErr); over || err != nil {
		return status, err
	}
	exit, exited := ev.(*backend.Exit)
	if !exited || !j.launched || e.reason == byStopAfter {
		return 0, nil
	}
	return exit.Status, nil
}
