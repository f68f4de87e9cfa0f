package main

import (
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/argusdbg/argus/backend"
)

// record prints a record as a line.
func (t *textLines) record(dst []byte, r *traced) []byte {
	goroutine := "?"
	if r.GoroutineKnown {
		goroutine = goroutineText(r.Goroutine)
	}
	return t.row(dst, &row{at: r.at, place: r.Place, placeErr: r.PlaceErr, condErr: r.CondErr, stack: r.Stack, cells: [columns]string{
		colWatch: r.expr, colValue: r.Old.String() + " -> " + r.New.String(), colGoroutine: goroutine,
		colThread: strconv.Itoa(r.Thread), colFunction: writerText(r.Call, r.Place)}})
}

// totals is a table with a line for each trace.
func (t *textLines) totals(dst []byte, traces []*backend.Trace) []byte {
	width, filtered := len("TRACE"), false
	for _, tr := range traces {
		width = max(width, utf8.RuneCountInString(tr.Expr()))
		filtered = filtered || tr.Stats().Filtered > 0
	}
	line := func(name, records, filter, lost, by string) string {
		text := fmt.Sprintf("%-*s  %10s", width, name, records)
		if filtered {
			text += fmt.Sprintf("  %10s", filter)
		}
		return text + fmt.Sprintf("  %10s  %s", lost, by)
	}
	dst = append(t.pal.append(dst, dim, line("TRACE", "RECORDS", "FILTERED", "LOST", "BY")), '\n')
	for _, tr := range traces {
		st := tr.Stats()
		text := line(tr.Expr(), fmt.Sprint(st.Records), fmt.Sprint(st.Filtered), fmt.Sprint(st.Lost), string(st.Method))
		if st.Lost > 0 || st.Unseen > 0 || st.Throttled > 0 {
			text = t.pal.text(red, text)
		}
		dst = append(append(dst, text...), '\n')
		if st.Unseen > 0 {
			dst = wrapped(dst, fmt.Sprintf("%s: the value was found changed %s without a write that was recorded, one or more each time: the kernel wrote for a system call and this user may not see that, another process did, or the processor failed to report it", tr.Expr(), plural(st.Unseen, "time")))
		}
		if st.Throttled > 0 {
			dst = wrapped(dst, fmt.Sprintf("%s: the kernel held recording back %s (kernel.perf_event_max_sample_rate): what was written then nobody has counted", tr.Expr(), plural(st.Throttled, "time")))
		}
	}
	if slices.ContainsFunc(traces, func(tr *backend.Trace) bool { return tr.Stats().Lost > 0 }) {
		dst = wrapped(dst, "LOST writes left no record: they came faster than the output was read, or the processor did not say what they were.")
	}
	return dst
}

type (
	jsonWrite struct {
		Event         string      `json:"event"`
		TimeNS        int64       `json:"time_ns"`
		Trace         string      `json:"trace"`
		Number        uint64      `json:"number"`
		Old           *string     `json:"old"`
		New           *string     `json:"new"`
		Goroutine     *int64      `json:"goroutine"`
		GoroutineFunc string      `json:"goroutine_func"`
		Thread        int         `json:"thread"`
		Function      string      `json:"function"`
		File          string      `json:"file"`
		Line          int         `json:"line"`
		PC            uint64      `json:"pc"`
		Syscall       string      `json:"syscall"`
		Stack         []jsonFrame `json:"stack"`
		CondError     string      `json:"cond_error,omitempty"`
		PlaceError    string      `json:"place_error,omitempty"`
	}
	jsonTotals struct {
		Event  string      `json:"event"`
		Traces []jsonTrace `json:"traces"`
	}
	jsonTrace struct {
		Trace     string `json:"trace"`
		Type      string `json:"type"`
		Driver    string `json:"driver"`
		Why       string `json:"why,omitempty"`
		Records   uint64 `json:"records"`
		Lost      uint64 `json:"lost"`
		Unseen    uint64 `json:"unseen"`
		Filtered  uint64 `json:"filtered"`
		Throttled uint64 `json:"throttled"`
	}
)

// record prints a record as an object.
func (j *jsonLines) record(dst []byte, r *traced) []byte {
	v := jsonWrite{
		Event: "write", TimeNS: r.at.Nanoseconds(), Trace: r.expr, Number: r.Number,
		Thread: r.Thread, Syscall: r.Call, Function: r.Place.Function, File: r.Place.File, Line: r.Place.Line, PC: r.Place.PC,
		Stack: make([]jsonFrame, 0, len(r.Stack)), PlaceError: errorText(r.PlaceErr), CondError: errorText(r.CondErr),
	}
	if r.OldKnown {
		text := r.Old.String()
		v.Old = &text
	}
	if r.NewKnown {
		text := r.New.String()
		v.New = &text
	}
	if r.GoroutineKnown {
		v.Goroutine, v.GoroutineFunc = &r.Goroutine.ID, r.Goroutine.Start
	}
	for _, f := range r.Stack {
		v.Stack = append(v.Stack, jsonFrame{f.Function, f.File, f.Line})
	}
	return j.line(dst, v)
}

// totals prints the summary as an object.
func (j *jsonLines) totals(dst []byte, traces []*backend.Trace) []byte {
	v := jsonTotals{Event: "trace_summary", Traces: []jsonTrace{}}
	for _, t := range traces {
		st := t.Stats()
		v.Traces = append(v.Traces, jsonTrace{Trace: t.Expr(), Type: t.Type(), Driver: string(st.Method), Why: errorText(st.Why),
			Records: st.Records, Lost: st.Lost, Unseen: st.Unseen, Filtered: st.Filtered, Throttled: st.Throttled})
	}
	return j.line(dst, v)
}
