package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"
)

// lineReader reads lines with the test's deadline.
type lineReader struct {
	t     *testing.T
	file  *os.File
	sep   byte // what ends a line
	lines chan string
}

func newLineReader(t *testing.T, f *os.File) *lineReader {
	r := &lineReader{t: t, file: f, sep: '\n'}
	t.Cleanup(func() { f.Close() })
	return r
}

// next returns the next line, without its end; ok is false at the end of the file.
// Reading begins with the first call: until then nobody reads.
func (r *lineReader) next() (line string, ok bool) {
	r.t.Helper()
	r.begin()
	select {
	case line, ok = <-r.lines:
		return line, ok
	case <-time.After(deadline):
		r.t.Fatal("no line came")
	}
	return "", false
}

func (r *lineReader) begin() {
	if r.lines == nil {
		r.lines = make(chan string)
		go r.read()
	}
}

// untilAfter calls fn again and again until a line with text comes.
func (r *lineReader) untilAfter(text string, fn func()) {
	r.t.Helper()
	r.begin()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	end := time.After(deadline)
	for {
		select {
		case line, ok := <-r.lines:
			if !ok {
				r.t.Fatalf("the output ended before %q came", text)
			}
			if strings.Contains(line, text) {
				return
			}
		case <-tick.C:
			fn()
		case <-end:
			r.t.Fatalf("%q did not come", text)
		}
	}
}

func (r *lineReader) read() {
	defer close(r.lines)
	var rest []byte
	buf := make([]byte, 4096)
	for {
		n, err := r.file.Read(buf)
		rest = append(rest, buf[:n]...)
		for {
			i := bytes.IndexByte(rest, r.sep)
			if i < 0 {
				break
			}
			select {
			case r.lines <- string(rest[:i]):
			case <-r.t.Context().Done():
				return
			}
			rest = rest[i+1:]
		}
		if err != nil {
			if len(rest) > 0 {
				select {
				case r.lines <- string(rest):
				case <-r.t.Context().Done():
				}
			}
			return
		}
	}
}

// until reads up to a line that contains text.
func (r *lineReader) until(text string) string {
	r.t.Helper()
	for {
		line, ok := r.next()
		if !ok {
			r.t.Fatalf("the output ended before %q came", text)
		}
		if strings.Contains(line, text) {
			return line
		}
	}
}

// rest reads to the end.
func (r *lineReader) rest() []string {
	r.t.Helper()
	var all []string
	for {
		line, ok := r.next()
		if !ok {
			return all
		}
		all = append(all, line)
	}
}
