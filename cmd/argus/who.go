package main

import (
	"context"
	"fmt"
	"os"
	"strconv"

	"github.com/argusdbg/argus/backend"
)

// lastWriters is the value of --who, alone or with a number: 0 is that it was not given.
type lastWriters int

// defaultWriters is how many --who keeps, maxWriters how many it can.
const (
	defaultWriters = 10
	maxWriters     = 1 << 20
)

// Set takes what follows "--who=", "true" if nothing does.
func (n *lastWriters) Set(s string) error {
	if s == "true" {
		*n = defaultWriters
		return nil
	}
	v, err := strconv.Atoi(s)
	if err != nil || v < 1 || v > maxWriters {
		return fmt.Errorf("not a number of writers, 1 to %d", maxWriters)
	}
	*n = lastWriters(v)
	return nil
}

// String is the default, which is none.
func (n *lastWriters) String() string { return "" }

// Get is for the library.
func (n *lastWriters) Get() any { return *n }

// IsBoolFlag says that the number may be left out.
func (n *lastWriters) IsBoolFlag() bool { return true }

// checkWho refuses what means nothing where nobody is stopped.
func (o *options) checkWho(command string) error {
	if o.who == 0 {
		return nil
	}
	for _, a := range o.watches {
		if a.access != backend.Write || a.group > 0 {
			return usage("%s: --who keeps writers: name %s with -w", command, a.expr)
		}
	}
	for _, f := range []struct {
		name  string
		given bool
	}{{"count", o.every > 1}, {"stop-after", o.stopAfter > 0}, {"thread", o.thread != ""}, {"explain", o.explained}, {"in", o.in != ""}, {"goroutine", o.on != backend.Selector{}},
		{"follow", o.hops != 0}, {"raw", o.raw}, {"mode " + o.mode, o.mode != string(backend.ModeExact)}} {
		if f.given {
			return usage("%s: --who keeps the last writers of all: --%s has no part in that", command, f.name)
		}
	}
	return nil
}

// keepWriters begins to keep the last writers, in place of watchpoints.
func (j *job) keepWriters(ctx context.Context) error {
	for _, a := range j.options.watches {
		w, err := j.session.Writers(ctx, a.expr, backend.WritersOptions{Last: int(j.who), If: j.cond, Stack: int(j.stack)})
		if err != nil {
			return err
		}
		j.writers = append(j.writers, w)
		if st := w.Stats(); !st.ByTrace {
			fmt.Fprintf(os.Stderr, "argus: each write of %s stops its thread for a moment: %s\n", a.expr, oneLine(st.Why.Error()))
		}
	}
	return nil
}

// whoWrote prints the writers that were kept.
func (j *job) whoWrote(dst []byte) []byte {
	printer := j.printer.(interface {
		writers(dst []byte, w *backend.Writers, last []*backend.Record) []byte
		record(dst []byte, r *traced) []byte
	})
	for _, w := range j.writers {
		last := w.Last()
		dst = printer.writers(dst, w, last)
		for _, r := range last {
			dst = printer.record(dst, &traced{r, w.Expr(), r.Time})
		}
	}
	return dst
}

// writers prints what is above the last writers of something.
func (t *textLines) writers(dst []byte, w *backend.Writers, last []*backend.Record) []byte {
	st := w.Stats()
	text := fmt.Sprintf("%s was written %s", w.Expr(), plural(st.Writes, "time"))
	if st.Lost > 0 {
		text += fmt.Sprintf(", and %s more of which nothing is known", plural(st.Lost, "time"))
	}
	if st.Unseen > 0 {
		text += fmt.Sprintf(", and was found changed %s by writes that nobody saw", plural(st.Unseen, "time"))
	}
	switch len(last) {
	case 0:
	case 1:
		text += ", last by:"
	default:
		text += fmt.Sprintf(", the last %d by:", len(last))
	}
	if st.Lost+st.Unseen > 0 {
		text = t.pal.text(red, text)
	}
	return append(append(dst, text...), '\n')
}

// jsonWriters is what is above the last writers of something.
type jsonWriters struct {
	Event  string `json:"event"`
	Watch  string `json:"watch"`
	Type   string `json:"type"`
	Writes uint64 `json:"writes"`
	Lost   uint64 `json:"lost"`
	Unseen uint64 `json:"unseen"`
	Stops  bool   `json:"stops"`
	Why    string `json:"why,omitempty"`
	Last   int    `json:"last"`
}

func (j *jsonLines) writers(dst []byte, w *backend.Writers, last []*backend.Record) []byte {
	st := w.Stats()
	return j.line(dst, jsonWriters{Event: "writers", Watch: w.Expr(), Type: w.Type(), Writes: st.Writes, Lost: st.Lost, Unseen: st.Unseen,
		Stops: !st.ByTrace, Why: errorText(st.Why), Last: len(last)})
}
