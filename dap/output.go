package dap

import (
	"io"
	"os"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/google/go-dap"
)

// drainTime is how long is waited, when a program has ended, for the rest of what it
// wrote. It is all there in general: only when the program has left children behind that
// hold the pipe is there nothing that says so.
const drainTime = 500 * time.Millisecond

// output shows text to the user. category is "console", "important", "stdout" or
// "stderr". It may be called from any goroutine.
func (s *session) output(category, text string) {
	s.wire.event("output", dap.OutputEventBody{Category: category, Output: text})
}

// streams are a program's standard files, and what of them is passed on to the client.
type streams struct {
	in, out, err *os.File
	opened       []*os.File // for the program: not needed here once it has started
	pipes        []pipe
	open         sync.WaitGroup // pipes that have not ended
}

type pipe struct {
	category string
	r        *os.File
}

// openStreams opens what a launch request names. Nothing is passed on before forward.
func (s *session) openStreams(c *launchConfig) (*streams, error) {
	st := &streams{in: s.cfg.Stdin, out: s.cfg.Stdout, err: s.cfg.Stderr}
	if err := st.prepare(c); err != nil {
		st.close()
		return nil, err
	}
	return st, nil
}

func (st *streams) prepare(c *launchConfig) error {
	const write = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	for _, to := range []struct {
		file  **os.File
		name  string
		flags int
	}{{&st.in, c.StdinFrom, os.O_RDONLY}, {&st.out, c.StdoutTo, write}, {&st.err, c.StderrTo, write}} {
		if to.name == "" {
			continue
		}
		if to.file == &st.err && to.name == c.StdoutTo { // one file, so that neither overwrites the other's
			st.err = st.out
			continue
		}
		if err := st.redirect(to.file, c, to.name, to.flags); err != nil {
			return err
		}
	}
	for _, to := range []struct {
		file     **os.File
		category string
	}{{&st.out, "stdout"}, {&st.err, "stderr"}} {
		if *to.file != nil && c.OutputMode != "remote" {
			continue
		}
		if err := st.pipe(to.file, to.category); err != nil {
			return err
		}
	}
	return nil
}

func (st *streams) redirect(file **os.File, c *launchConfig, name string, flags int) error {
	path, err := c.path(name)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, flags, 0o666)
	if err != nil {
		return err
	}
	*file = f
	st.opened = append(st.opened, f)
	return nil
}

func (st *streams) pipe(file **os.File, category string) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	*file = w
	st.opened = append(st.opened, w)
	st.pipes = append(st.pipes, pipe{category, r})
	return nil
}

// started lets go of what the program has by now.
func (st *streams) started() {
	for _, f := range st.opened {
		_ = f.Close()
	}
	st.opened = nil
}

// forward passes on what the program writes, until close.
func (st *streams) forward(output func(category, text string)) {
	for _, p := range st.pipes {
		st.open.Add(1)
		go func() {
			defer st.open.Done()
			forward(p.r, func(text string) { output(p.category, text) })
		}()
	}
}

// drain waits until all that the program wrote is passed on.
func (st *streams) drain() {
	done := make(chan struct{})
	go func() {
		st.open.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(drainTime):
	}
}

// close ends it all.
func (st *streams) close() {
	st.started()
	for _, p := range st.pipes {
		_ = p.r.Close()
	}
}

// forward reads to the end, and passes on whole characters: what is no UTF-8 at all comes
// out as the protocol can have it.
func forward(r io.Reader, output func(text string)) {
	buf := make([]byte, 4<<10)
	held := 0
	for {
		n, err := r.Read(buf[held:])
		n += held
		held = 0
		if err == nil {
			held = unfinished(buf[:n])
		}
		if whole := buf[:n-held]; len(whole) > 0 {
			output(string(whole))
		}
		copy(buf, buf[n-held:n])
		if err != nil {
			return
		}
	}
}

// unfinished is how many bytes at the end of b are the beginning of a character.
func unfinished(b []byte) int {
	for back := 1; back < utf8.UTFMax && back <= len(b); back++ {
		if c := b[len(b)-back]; utf8.RuneStart(c) {
			if utf8.FullRune(b[len(b)-back:]) {
				return 0
			}
			return back
		}
	}
	return 0
}
