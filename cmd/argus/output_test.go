package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"
)

// TestHurry: what there is no room for is kept, and comes out in order at the end.
func TestHurry(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	o := &output{file: w, own: true}
	o.hurry()
	line := bytes.Repeat([]byte("x"), 999)
	var want []byte
	for i := range 200 { // three times what a pipe holds
		line[0] = byte('0' + i%10)
		if err := o.write(append(line, '\n')); err != nil {
			t.Fatal(err)
		}
		want = append(append(want, line...), '\n')
	}
	if len(o.backlog) == 0 {
		t.Error("all of it was written to a pipe that is full")
	}
	read := make(chan []byte)
	go func() {
		got, _ := io.ReadAll(r)
		read <- got
	}()
	waited := 0
	if err := o.finish(func() { waited++ }); err != nil {
		t.Fatal(err)
	}
	if waited > 1 {
		t.Errorf("it was said %d times that the reader is waited for", waited)
	}
	if got := <-read; !bytes.Equal(got, want) {
		t.Errorf("%d bytes came, want %d", len(got), len(want))
	}
}

// TestWaits: it is said that the reader is waited for, if he is.
func TestWaits(t *testing.T) {
	for _, full := range []bool{false, true} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		o, waited := &output{file: w, own: true}, false
		o.hurry()
		for i := 0; full && i < 200 || i < 2; i++ {
			if err := o.write(bytes.Repeat([]byte("x"), 999)); err != nil {
				t.Fatal(err)
			}
		}
		if err := o.finish(func() {
			waited = true
			go func() { _, _ = io.Copy(io.Discard, r) }() // only now
		}); err != nil || waited != full {
			t.Errorf("%v, waited: %v, the pipe is full: %v", err, waited, full)
		}
	}
}

// TestReaderGone: the error stays, and is told apart.
func TestReaderGone(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	o := &output{file: w, own: true}
	called := make(chan struct{})
	stop, err := whenClosed(w, func() { close(called) })
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	<-called
	stop()
	for range 2 {
		if err := o.write([]byte("x\n")); !errors.Is(err, errClosed) {
			t.Errorf("got %v", err)
		}
	}
	if err := o.finish(func() {}); !errors.Is(err, errClosed) {
		t.Errorf("got %v", err)
	}
}

// TestWhenClosedStops: the wait ends when it is told to, without a call.
func TestWhenClosedStops(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	stop, err := whenClosed(w, func() { t.Error("called") })
	if err != nil {
		t.Fatal(err)
	}
	stop()
}
