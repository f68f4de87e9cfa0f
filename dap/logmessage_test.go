package dap

import (
	"errors"
	"strings"
	"testing"
)

func TestLogMessage(t *testing.T) {
	eval := func(expr string) (string, error) {
		if expr == "bad" {
			return "", errors.New("no variable bad")
		}
		return "<" + expr + ">", nil
	}
	for text, want := range map[string]string{
		"plain":                           "plain",
		"{x}":                             "<x>",
		"a {x} b { y.z } c":               "a <x> b <y.z> c",
		"{x}{y}":                          "<x><y>",
		"100% of {n}":                     "100% of <n>",
		`{m["}"]}`:                        `<m["}"]>`,
		"{T{A: 1}}":                       "<T{A: 1}>",
		"{bad}!":                          "{eval err: no variable bad}!",
		`{"\"}"} and {'{'} and ok`:        `<"\"}"> and <'{'> and ok`,
		"{`\\`} goes {on}":                "<`\\`> goes <on>",
		"Unicode \u00e9\u00e9 {x} \u20ac": "Unicode \u00e9\u00e9 <x> \u20ac",
	} {
		m, err := parseLogMessage(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := m.text(eval); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	if m, err := parseLogMessage(""); m != nil || err != nil {
		t.Errorf("an empty message is a log point: %v, %v", m, err)
	}
	for _, text := range []string{"}", "a } b", "{", "{x", "{}", "{ }", "{x}}", `{"x}`} {
		if _, err := parseLogMessage(text); err == nil || !strings.Contains(err.Error(), "invalid log point format") {
			t.Errorf("%q: error %v", text, err)
		}
	}
}

func FuzzLogMessage(f *testing.F) {
	f.Add("a {x} b")
	f.Add(`{m["}"]}`)
	f.Fuzz(func(t *testing.T, text string) {
		m, err := parseLogMessage(text)
		if err != nil || m == nil {
			return
		}
		if got := m.text(func(expr string) (string, error) { return "{" + expr + "}", nil }); len(got) > len(text) {
			t.Errorf("%q became %q: expressions were only put back", text, got)
		}
	})
}
