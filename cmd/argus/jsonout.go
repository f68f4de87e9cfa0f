package main

import (
	"bytes"
	"encoding/json"
	"math"

	"github.com/argusdbg/argus/backend"
)

// jsonLines prints for programs: an object a line. docs/json.md describes it, and a test
// holds that against the types here.
type jsonLines struct {
	buf bytes.Buffer
	enc *json.Encoder
}

func newJSONLines() *jsonLines {
	j := &jsonLines{}
	j.enc = json.NewEncoder(&j.buf)
	j.enc.SetEscapeHTML(false) // names of functions and conditions are to be read
	return j
}

type (
	jsonHit struct {
		Event         string      `json:"event"`
		TimeNS        int64       `json:"time_ns"`
		Watch         string      `json:"watch"`
		Number        uint64      `json:"number"`
		Access        string      `json:"access"`
		Old           string      `json:"old"`
		New           string      `json:"new"`
		Goroutine     int64       `json:"goroutine"`
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
	jsonFrame struct {
		Function string `json:"function"`
		File     string `json:"file"`
		Line     int    `json:"line"`
	}
	jsonExit struct {
		Event   string `json:"event"`
		Status  int    `json:"status"`
		Signal  string `json:"signal,omitempty"`
		Unknown bool   `json:"unknown,omitempty"`
		Reason  reason `json:"reason,omitempty"`
	}
	jsonDetach struct {
		Event  string `json:"event"`
		PID    int    `json:"pid"`
		Reason reason `json:"reason,omitempty"`
	}
	jsonExec struct {
		Event string `json:"event"`
		PID   int    `json:"pid"`
		Path  string `json:"path"`
	}
	jsonScopeEnd struct {
		Event string `json:"event"`
		Watch string `json:"watch"`
	}
	jsonSummary struct {
		Event   string      `json:"event"`
		Watches []jsonWatch `json:"watches"`
	}
	jsonWatch struct {
		Watch         string   `json:"watch"`
		Type          string   `json:"type"`
		Access        string   `json:"access"`
		Group         int      `json:"group"`
		Hits          uint64   `json:"hits"`
		Reported      uint64   `json:"reported"`
		Lost          uint64   `json:"lost"`
		Unseen        uint64   `json:"unseen"`
		Mode          string   `json:"mode"`
		Coverage      string   `json:"coverage"`
		Reason        string   `json:"reason,omitempty"`
		Driver        string   `json:"driver"`
		EnabledNS     int64    `json:"enabled_ns"`
		RunningNS     int64    `json:"running_ns"`
		CleanNS       int64    `json:"clean_ns"`
		BlindNS       int64    `json:"blind_ns"`
		Turns         uint64   `json:"turns"`
		Share         float64  `json:"share"`
		Estimate      *float64 `json:"estimate"`
		EstimateError *float64 `json:"estimate_error"`
	}
)

func (j *jsonLines) hit(dst []byte, h *backend.Hit) []byte {
	v := jsonHit{
		Event: "hit", TimeNS: h.Time.Nanoseconds(), Watch: h.Watchpoint.Expr(), Number: h.Number, Access: h.Access.String(),
		Old: h.Old.String(), New: h.New.String(),
		Goroutine: h.Goroutine.ID, GoroutineFunc: h.Goroutine.Start, Thread: h.Thread,
		Syscall: h.Call, Function: h.Place.Function, File: h.Place.File, Line: h.Place.Line, PC: h.Place.PC,
		Stack:     make([]jsonFrame, 0, len(h.Stack)),
		CondError: errorText(h.CondErr), PlaceError: errorText(h.PlaceErr),
	}
	for _, f := range h.Stack {
		v.Stack = append(v.Stack, jsonFrame{f.Function, f.File, f.Line})
	}
	return j.line(dst, v)
}

func (j *jsonLines) scopeEnd(dst []byte, w *backend.Watchpoint) []byte {
	return j.line(dst, jsonScopeEnd{"scope_end", w.Expr()})
}

func (j *jsonLines) end(dst []byte, e *ending) []byte {
	switch ev := e.event.(type) {
	case *backend.Exit:
		return j.line(dst, jsonExit{"exit", ev.Status, ev.Signal, ev.Unknown, e.reason})
	case *backend.Exec:
		return j.line(dst, jsonExec{"exec", ev.PID, ev.Path})
	case *backend.Detached:
		return j.line(dst, jsonDetach{"detach", ev.PID, e.reason})
	}
	return dst
}

func (j *jsonLines) summary(dst []byte, watches []figures) []byte {
	v := jsonSummary{Event: "summary", Watches: []jsonWatch{}}
	for _, f := range watches {
		w := jsonWatch{
			Watch: f.expr, Type: f.typ, Access: f.access.String(), Group: f.group,
			Hits: f.Hits, Reported: f.Reported, Lost: f.Lost, Unseen: f.Unseen,
			Mode: string(f.Mode), Coverage: string(f.Coverage), Reason: f.Reason, Driver: f.Driver,
			EnabledNS: f.Enabled.Nanoseconds(), RunningNS: f.Running.Nanoseconds(),
			CleanNS: f.Clean.Nanoseconds(), BlindNS: f.Blind.Nanoseconds(), Turns: f.Turns, Share: f.Share(),
		}
		if f.EstimateKnown {
			estimate, bound := math.Round(f.Estimate), math.Ceil(f.EstimateError)
			w.Estimate, w.EstimateError = &estimate, &bound
		}
		v.Watches = append(v.Watches, w)
	}
	return j.line(dst, v)
}

// line adds an object.
func (j *jsonLines) line(dst []byte, v any) []byte {
	j.buf.Reset()
	if err := j.enc.Encode(v); err != nil {
		panic(err) // none of our types can fail
	}
	return append(dst, j.buf.Bytes()...)
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
