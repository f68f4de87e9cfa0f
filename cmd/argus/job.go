package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/backend"
	"github.com/argusdbg/argus/internal/tty"
)

// printer is a way to show what happens. hit runs in the session's thread, the others
// after it has ended or while it waits.
type printer interface {
	hit(dst []byte, h *backend.Hit) []byte
	ended(dst []byte, w *backend.Watchpoint) []byte
	end(dst []byte, e *ending) []byte
	summary(dst []byte, watches []figures) []byte
}

// ending is how it ended.
type ending struct {
	name   string // of the target
	event  backend.Event
	reason reason
	hits   uint64 // reported

	records bool // these are records of a trace
}

// figures are those of a watchpoint in the end.
type figures struct {
	watchArg
	typ string
	backend.Stats
}

// reason is why Argus ended it, "" if it did not.
type reason string

const (
	byStopAfter reason = "stop-after"
	bySignal    reason = "signal"
	byReader    reason = "output closed"
)

// job is one program that is watched.
type job struct {
	*options
	session  *backend.Session
	name     string // of the target, in sentences
	launched bool
	process  *os.Process // a handle that outlives the process's id

	out      *output
	printer  printer
	watches  []watched
	writers  []*backend.Writers // in place of watches, with --who
	began    time.Time
	reported uint64 // by us; of the session's thread
	line     []byte // room for a line; of the session's thread
	waits    func() // called where the end has to wait for the reader

	mu     sync.Mutex
	reason reason // guarded by mu
}

// arm sets the watchpoints and opens the output.
func (j *job) arm(ctx context.Context) (err error) {
	opts := []backend.WatchOption{backend.Report(j.hit), backend.Every(j.every)}
	if j.cond != "" {
		opts = append(opts, backend.If(j.cond))
	}
	if j.stack > 0 {
		opts = append(opts, backend.WithStack(int(j.stack)))
	}
	if j.hops != 0 {
		opts = append(opts, backend.Follow(int(j.hops)))
	}
	if j.raw {
		opts = append(opts, backend.Raw())
	}
	if j.who > 0 {
		err = j.keepWriters(ctx)
	} else {
		err = j.watchAll(ctx, opts)
	}
	if err != nil {
		return err
	}
	if j.process, err = os.FindProcess(j.session.PID()); err != nil {
		return err
	}
	if j.out, err = openOutput(j.file); err != nil {
		return err
	}
	if j.json {
		j.printer = newJSONLines()
		return nil
	}
	j.printer = newTextLines(wantColor(j.color, j.out.file), j.options)
	if tty.Is(os.Stdout) && tty.Is(os.Stderr) && os.Getenv("TERM") != "dumb" {
		j.out.status = &status{tty: os.Stderr, pal: wantColor(j.color, os.Stderr)}
	}
	return nil
}

// watchAll sets the watchpoints, in the order of the command line.
func (j *job) watchAll(ctx context.Context, opts []backend.WatchOption) error {
	tid, err := j.threadOf(j.session.PID())
	if err != nil {
		return err
	}
	if tid != 0 {
		opts = append(opts, backend.OnThread(tid))
	}
	opts = append(opts, backend.InMode(backend.Mode(j.mode)))
	j.watches = make([]watched, len(j.options.watches))
	for i, a := range j.options.watches {
		switch {
		case j.watches[i] != nil: // with its group
		case a.group > 0:
			err = j.watchGroup(ctx, a.group, opts)
		default:
			j.watches[i], err = j.watch(ctx, a, opts)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (j *job) watchGroup(ctx context.Context, n int, opts []backend.WatchOption) error {
	var items []backend.Item
	var at []int
	for i, a := range j.options.watches {
		if a.group == n {
			items, at = append(items, backend.Item{Expr: a.expr, Access: a.access}), append(at, i)
		}
	}
	g, err := j.session.NewGroup(ctx, items, append(opts, backend.OnGoroutines(j.on))...)
	if err != nil {
		return err
	}
	for i, w := range g.Watchpoints() {
		j.watches[at[i]] = w
	}
	return nil
}

// hit prints a hit. It runs in the session's thread.
func (j *job) hit(h *backend.Hit) {
	if j.why() != "" && j.why() != bySignal {
		return // the last one has been printed
	}
	j.reported++
	if !j.quiet {
		j.line = j.printer.hit(j.line[:0], h)
		if err := j.out.write(j.line); err != nil {
			j.because(byReader)
			h.StopHere()
		}
	}
	if j.reported == j.stopAfter {
		j.because(byStopAfter)
		h.StopHere()
	}
}

// because notes why it is going to end. The first reason counts.
func (j *job) because(r reason) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.reason == "" {
		j.reason = r
	}
}

func (j *job) why() reason {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.reason
}

// course is what differs between jobs on the way to their end.
type course interface {
	progress() string // the text of the live counter
	untilEnd() (backend.Event, error)
	end(dst []byte, e *ending) []byte
	finish(ev backend.Event, runErr error) (int, error)
}

// run lets the program run to its end, or ours, and returns the exit status.
func (j *job) run(sigs *signals) (status int, err error) { return j.conduct(j, sigs) }

func (j *job) conduct(c course, sigs *signals) (status int, err error) {
	j.began = time.Now()
	over := make(chan struct{})
	var helpers sync.WaitGroup
	helpers.Go(func() { sigs.each(over, j.onSignal()) })
	stopCounter := j.out.live(c.progress)
	stopClosed, err := whenClosed(j.out.file, j.deaf)
	if err != nil {
		return 0, err
	}
	ev, runErr := c.untilEnd()
	if exec, ok := ev.(*backend.Exec); ok && j.launched {
		ev, runErr = j.follow(exec, c)
	}
	stopClosed()
	close(over)
	helpers.Wait()
	stopCounter()
	j.waits = sigs.stop // whoever waits for a reader now may be interrupted
	return c.finish(ev, runErr)
}

// deaf ends the program: nobody reads any more.
func (j *job) deaf() {
	j.because(byReader)
	_ = j.session.Close() // an error: Continue says more
}

// untilEnd runs the program until nothing is watched any more.
func (j *job) untilEnd() (backend.Event, error) {
	for ev, err := range j.session.Run(context.Background()) {
		stop, stopped := ev.(*backend.Stop)
		switch {
		case err != nil:
			return ev, errors.Join(err, j.session.Close())
		case !stopped:
			return ev, nil
		}
		for _, w := range stop.Ended {
			if !j.quiet {
				_ = j.out.write(j.printer.ended(nil, w)) // finish tells of the error
			}
		}
		if why := j.why(); why != "" {
			if err := j.session.Close(); err != nil {
				return nil, err
			}
			return j.session.Ended(), nil
		}
	}
	return j.session.Ended(), nil
}

// onSignal returns what is done at each signal: an attached process is let go; one that
// was launched gets the signal, and is killed at the second.
func (j *job) onSignal() func(unix.Signal) {
	count := 0
	return func(sig unix.Signal) {
		count++
		switch {
		case !j.launched, count > 1:
			j.because(bySignal)
			j.out.hurry()
			_ = j.session.Close() // an error: it has ended, and Continue says how
			if j.launched {
				_ = j.process.Kill() // it may go on as another program; see follow
			}
		case (sig == unix.SIGINT || sig == unix.SIGQUIT) && fromKeyboard():
		default:
			_ = j.process.Signal(sig) // an error: it has ended
		}
	}
}

// progress is the text of the live counter.
func (j *job) progress() string {
	var hits, reported uint64
	for _, w := range j.watches {
		st := w.Stats()
		hits, reported = hits+st.Hits, reported+st.Reported
	}
	for _, w := range j.writers {
		hits += w.Stats().Writes
		reported = hits
	}
	text := fmt.Sprintf("%d hits", hits)
	if hits == 1 {
		text = "1 hit"
	}
	if reported != hits {
		text += fmt.Sprintf(", %d reported", reported)
	}
	return fmt.Sprintf("%s, %.1f s", text, time.Since(j.began).Seconds())
}

func (j *job) end(dst []byte, e *ending) []byte { return j.printer.end(dst, e) }

// follow waits for a program that has replaced the one that was watched. It is our
// child still, and its status is ours.
func (j *job) follow(exec *backend.Exec, c course) (backend.Event, error) {
	if err := j.out.write(c.end(nil, &ending{name: j.name, event: exec})); err != nil {
		j.because(byReader)
		_ = j.process.Kill()
	}
	return exec.Wait(context.Background()), nil
}

func (j *job) figures() []figures {
	all := make([]figures, len(j.watches))
	for i, w := range j.watches {
		all[i] = figures{j.options.watches[i], w.Type(), w.Stats()}
	}
	return all
}

// finish prints how it ended and the summary.
func (j *job) finish(ev backend.Event, runErr error) (int, error) {
	e := &ending{name: j.name, event: ev, reason: j.why(), hits: j.reported}
	var last []byte
	if ev != nil {
		last = j.printer.end(last, e)
	}
	if j.who > 0 {
		last = j.whoWrote(last)
	} else {
		last = j.printer.summary(last, j.figures())
	}
	if status, over, err := j.conclude(last, runErr); over || err != nil {
		return status, err
	}
	if j.explained {
		if err := j.explainConditions(os.Stderr); err != nil {
			return 0, err
		}
	}
	exit, exited := ev.(*backend.Exit)
	if !exited || !j.launched || e.reason == byStopAfter {
		return 0, nil
	}
	return exit.Status, nil
}

// conclude writes the last of the output. over says that the status is known by that: whoever
// read has closed the pipe.
func (j *job) conclude(last []byte, runErr error) (status int, over bool, err error) {
	j.out.hurry()
	err = j.out.write(last)
	if e := j.out.finish(j.waits); err == nil {
		err = e
	}
	switch {
	case errors.Is(err, errClosed):
		return statusOfSignal(unix.SIGPIPE), true, nil
	case err != nil:
		return 0, true, fmt.Errorf("write the output: %w", err)
	}
	return 0, false, runErr
}
