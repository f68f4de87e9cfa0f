package dap

import (
	"errors"
	"testing"
	"time"

	"github.com/argusdbg/argus/backend"
)

func TestHitText(t *testing.T) {
	at := backend.Place{Function: "main.withdraw", File: "/home/joe/bank/bank.go", Line: 31}
	for want, h := range map[string]*backend.Hit{
		"b:  -> , written by goroutine 18 at main.withdraw (bank.go:31)":                             {Access: backend.Write, Goroutine: backend.Goroutine{ID: 18, Start: "main.main"}, Place: at},
		"b: , read by goroutine 18 at main.withdraw (bank.go:31)":                                    {Access: backend.Read, Goroutine: backend.Goroutine{ID: 18}, Place: at},
		"b:  -> , read or written by goroutine 18 at main.withdraw (bank.go:31)":                     {Access: backend.ReadWrite, Goroutine: backend.Goroutine{ID: 18}, Place: at},
		"b:  -> , written by the system call read of goroutine 18 at main.withdraw (bank.go:31)":     {Access: backend.Write, Call: "read", Goroutine: backend.Goroutine{ID: 18}, Place: at},
		"b:  -> , written by no goroutine at 0x10":                                                   {Access: backend.Write, Place: backend.Place{PC: 16}},
		"b:  -> , written by goroutine 18 at main.withdraw (bank.go:31); condition x: no variable x": {Access: backend.Write, Goroutine: backend.Goroutine{ID: 18}, Place: at, CondErr: errors.New("condition x: no variable x")},
	} {
		if got := hitText("b", h); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestCoverageText(t *testing.T) {
	for want, st := range map[string]backend.Stats{
		"mode exact, coverage exact": {Mode: backend.ModeExact, Coverage: backend.Exact, Enabled: time.Second, Running: time.Second},
		"mode sampled, coverage partial, on for 25% of the time: it was off": {Mode: backend.ModeSampled, Coverage: backend.Partial, Reason: "it was off",
			Enabled: 4 * time.Second, Running: time.Second},
		"mode sampled, coverage exact": {Mode: backend.ModeSampled, Coverage: backend.Exact},
	} {
		if got := coverageText(&st); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
