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
		Event         string       `json:"event"`
		TimeNS        int64        `json:"time_ns"`
		Watch         string       `json:"watch"`
		Number        uint64       `json:"number"`
		Access        string       `json:"access"`
		Old           string       `json:"old"`
		New           string       `json:"new"`
		Changes       []jsonChange `json:"changes,omitempty"`
		MoreChanges   int          `json:"more_changes,omitempty"`
		Goroutine     int64        `json:"goroutine"`
		GoroutineFunc string       `json:"goroutine_func"`
		Thread        int          `json:"thread"`
		Function      string       `json:"function"`
		File          string       `json:"file"`
		Line          int          `json:"line"`
		PC            uint64       `json:"pc"`
		Syscall       string       `json:"syscall"`
		Stack         []jsonFrame  `json:"stack"`
		In            string       `json:"in,omitempty"`
		Call          uint64       `json:"call,omitempty"`
		Depth         int          `json:"depth,omitempty"`
		Channel       bool         `json:"channel,omitempty"`
		Parked        bool         `json:"parked,omitempty"`
		CondError     string       `json:"cond_error,omitempty"`
		PlaceError    string       `json:"place_error,omitempty"`
	}
	jsonChange struct {
		Kind      string `json:"kind"`
		Path      string `json:"path"`
		Old       string `json:"old"`
		New       string `json:"new"`
		OldLen    int64  `json:"old_len"`
		NewLen    int64  `json:"new_len"`
		Elsewhere bool   `json:"elsewhere"`
		Text      string `json:"text"`
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
	jsonEnded struct {
		Event  string          `json:"event"`
		Watch  string          `json:"watch"`
		Kind   backend.EndKind `json:"kind"`
		Reason string          `json:"reason"`
		Last   string          `json:"last"`
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
		Others        uint64   `json:"others"`
		Selected      string   `json:"selected"`
		Calls         uint64   `json:"calls"`
		Unwatched     uint64   `json:"unwatched_calls"`
		Mode          string   `json:"mode"`
		Coverage      string   `json:"coverage"`
		Reason        string   `json:"reason,omitempty"`
		Driver        string   `json:"driver"`
		WatchedBy     string   `json:"watched_by"`
		Moves         uint64   `json:"moves"`
		Faults        uint64   `json:"faults"`
		IdleFaults    uint64   `json:"idle_faults"`
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
		Stack:   make([]jsonFrame, 0, len(h.Stack)),
		Channel: h.Channel, Parked: h.Parked,
		CondError: errorText(h.CondErr), PlaceError: errorText(h.PlaceErr),
	}
	if c := h.Watchpoint.Call(); c != nil {
		v.In, v.Call, v.Depth = c.Function, c.Number, c.Depth
	}
	for _, f := range h.Stack {
		v.Stack = append(v.Stack, jsonFrame{f.Function, f.File, f.Line})
	}
	for _, c := range h.Changes {
		v.Changes = append(v.Changes, jsonChange{c.Kind.String(), c.Path, c.Old, c.New, c.OldLen, c.NewLen, c.Elsewhere, c.String()})
	}
	v.MoreChanges = h.More
	return j.line(dst, v)
}

func (j *jsonLines) ended(dst []byte, w *backend.Watchpoint) []byte {
	end := w.End()
	return j.line(dst, jsonEnded{"ended", w.Expr(), end.Kind, end.Reason, end.Last.String()})
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
			Others: f.Others, Selected: f.Selected, Calls: f.Calls, Unwatched: f.Unwatched,
			Mode: string(f.Mode), Coverage: string(f.Coverage), Reason: f.Reason, Driver: f.Driver,
			WatchedBy: watchedBy(&f.Stats), Moves: f.Moves, Faults: f.Faults, IdleFaults: f.Idle,
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
