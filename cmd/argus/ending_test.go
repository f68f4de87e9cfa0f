package main

import (
	"testing"

	"github.com/argusdbg/argus/backend"
)

func TestEndText(t *testing.T) {
	exit := &backend.Exit{Status: 137, Signal: "SIGKILL"}
	for _, tc := range []struct {
		e    ending
		want string
	}{
		{ending{event: &backend.Exit{Status: 3}}, "x exited with status 3"},
		{ending{event: exit}, "x killed by SIGKILL"},
		{ending{event: exit, reason: bySignal}, "x killed by argus, at the second signal"},
		{ending{event: exit, reason: byReader}, "x ended by argus: nobody reads the output any more"},
		{ending{event: exit, reason: byStopAfter, hits: 2}, "x ended by argus after 2 hits (--stop-after)"},
		{ending{event: &backend.Exit{Unknown: true}}, "x exited with a status that only its parent knows"},
		{ending{event: &backend.Exec{Path: "/y"}}, "x replaced itself by /y, which is not watched"},
		{ending{event: &backend.Exec{}}, "x replaced itself by another program, which is not watched"},
		{ending{event: &backend.Detached{}, reason: bySignal}, "detached from x; it runs on"},
		{ending{event: &backend.Detached{}, reason: byStopAfter, hits: 1}, "detached from x after 1 hit (--stop-after); it runs on"},
	} {
		tc.e.name = "x"
		if got := endText(&tc.e); got != tc.want {
			t.Errorf("got %q, want %q", got, tc.want)
		}
	}
}
