package uffd

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"
)

func TestJudgeFilters(t *testing.T) {
	for _, c := range []struct {
		theirs, ours filters
		answer       error
		ok, tried    bool
	}{
		{filters{}, filters{}, nil, true, false},
		{filters{}, filters{2, 1}, nil, true, false},
		{filters{2, 1}, filters{}, nil, false, false},
		{filters{2, 2}, filters{2, 1}, nil, false, false},
		{filters{1, 0}, filters{}, nil, false, false},
		{filters{2, 1}, filters{2, 1}, nil, true, true},
		{filters{2, 1}, filters{2, 1}, unix.EPERM, false, true},
	} {
		tried := false
		err := c.theirs.judge(c.ours, func() error { tried = true; return c.answer })
		var forbidden *NotPermittedError
		if (err == nil) != c.ok || tried != c.tried || err != nil && !errors.As(err, &forbidden) {
			t.Errorf("%+v: %v, tried %v", c, err, tried)
		}
		if c.answer != nil && !errors.Is(err, c.answer) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func FuzzParseFilters(f *testing.F) {
	f.Add([]byte("Name:\tx\nSeccomp:\t2\nSeccomp_filters:\t3\n"))
	f.Add([]byte("Seccomp:\n"))
	f.Fuzz(func(t *testing.T, status []byte) {
		if got, err := parseFilters(append([]byte("Seccomp:\t1\n"), status...)); err == nil && got == (filters{}) {
			if again, _ := parseFilters(status); again != (filters{}) {
				t.Errorf("lost in %q", status)
			}
		}
	})
}

func TestParseFilters(t *testing.T) {
	for text, want := range map[string]filters{
		"": {},
		"Name:\tx\nSeccomp:\t2\nSeccomp_filters:\t3\n": {2, 3},
		"Seccomp:\t0\nSeccomp_filters:\t0\n":           {},
	} {
		if got, err := parseFilters([]byte(text)); err != nil || got != want {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	if _, err := parseFilters([]byte("Seccomp:\tx\n")); err == nil {
		t.Error("no error")
	}
}
