package sched

import (
	"errors"
	"strings"
	"testing"
)

func TestShortError(t *testing.T) {
	err := error(&ShortError{PMU: "data", Slots: 3, Err: errFake})
	if s := err.Error(); !strings.HasPrefix(s, "data: only 3 slots are left") || !strings.Contains(s, "end the other user") || !strings.HasSuffix(s, errFake.Error()) {
		t.Error(s)
	}
	if !errors.Is(err, errFake) {
		t.Error("the reason is not inside")
	}
	if s := (&ShortError{PMU: "data"}).Error(); strings.HasSuffix(s, ": ") || strings.Contains(s, "nil") {
		t.Error(s)
	}
}
