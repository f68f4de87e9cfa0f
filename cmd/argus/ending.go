package main

import (
	"fmt"

	"github.com/argusdbg/argus/backend"
)

// end says in words how it ended.
func (t *textLines) end(dst []byte, e *ending) []byte {
	if t.begun {
		dst = append(dst, '\n')
		t.begun = false
	}
	return append(append(dst, endText(e)...), '\n')
}

func endText(e *ending) string {
	switch ev := e.event.(type) {
	case *backend.Exit:
		switch {
		case e.reason == byStopAfter:
			return fmt.Sprintf("%s ended by argus after %s (--stop-after)", e.name, plural(e.hits, e.noun()))
		case e.reason == byReader:
			return e.name + " ended by argus: " + errClosed.Error()
		case e.reason == bySignal:
			return e.name + " killed by argus, at the second signal"
		case ev.Unknown:
			return e.name + " exited with a status that only its parent knows"
		case ev.Signal != "":
			return fmt.Sprintf("%s killed by %s", e.name, ev.Signal)
		}
		return fmt.Sprintf("%s exited with status %d", e.name, ev.Status)
	case *backend.Exec:
		if ev.Path == "" {
			return e.name + " replaced itself by another program, which is not watched"
		}
		return fmt.Sprintf("%s replaced itself by %s, which is not watched", e.name, ev.Path)
	case *backend.Detached:
		after := ""
		if e.reason == byStopAfter {
			after = fmt.Sprintf(" after %s (--stop-after)", plural(e.hits, e.noun()))
		}
		return fmt.Sprintf("detached from %s%s; it runs on", e.name, after)
	}
	return e.name + ": " + e.event.String()
}

// noun is what was counted.
func (e *ending) noun() string {
	if e.records {
		return "record"
	}
	return "hit"
}

func plural(n uint64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
