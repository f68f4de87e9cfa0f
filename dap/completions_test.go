package dap

import (
	"slices"
	"testing"

	"github.com/google/go-dap"
)

func TestBefore(t *testing.T) {
	for _, test := range []struct {
		text         string
		line, column int
		want         string
	}{
		{"abc", 0, 2, "ab"},
		{"abc", 0, 9, "abc"},
		{"abc", 0, -1, ""},
		{"😀bc", 0, 3, "😀b"}, // two units
		{"one\ntwo", 1, 2, "tw"},
		{"one\ntwo", 7, 2, "tw"},
		{"one\ntwo", -1, 2, "on"},
	} {
		if got := before(test.text, test.line, test.column); got != test.want {
			t.Errorf("%q before %d:%d: %q, want %q", test.text, test.line, test.column, got, test.want)
		}
	}
}

func TestLastName(t *testing.T) {
	for line, want := range map[string]string{
		"": "", "abc": "abc", "x + ab_1": "ab_1", "a.b.": "", "a.bé": "bé", "f(": "", "a[i].Na": "Na", "日本 語": "語",
	} {
		if got := lastName(line); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

func TestCompletions(t *testing.T) {
	ed, thread, frame := view(t, "look", nil)
	complete := func(text string, column, frame int) []dap.CompletionItem {
		t.Helper()
		body := ask[dap.CompletionsResponseBody](ed, "completions", with{"text": text, "column": column, "frameId": frame})
		if body.Targets == nil {
			t.Errorf("%s: the targets are null", text)
		}
		return body.Targets
	}
	for _, test := range []struct {
		text          string
		column        int // 0: at the end
		want          string
		not           string
		start, length int
	}{
		{"ac", 0, "acc", "list", 1, 2},
		{"x + ac", 0, "acc", "list", 5, 2},
		{"ac + x", 3, "acc", "list", 1, 2},
		{"acc.", 0, "Balance", "acc", 5, 0},
		{"acc.Ba", 0, "Balance", "Owner", 5, 2},
		{"call acc.dep", 0, "deposit", "Owner", 10, 3},
		{"main.lab", 0, "label", "counter", 6, 3},
		{"argus wat", 0, "watches", "help", 7, 3},
		{"argus ", 0, "config", "acc", 7, 0},
		{"dlv help ex", 0, "examinemem", "help", 10, 2},
		{"dlv config show", 0, "showRegisters", "maxStringLen", 12, 4},
		{"dlv config -list show", 0, "showRegisters", "maxStringLen", 18, 4},
		{"argus watch acc.Ba", 0, "Balance", "Owner", 17, 2},
	} {
		column := test.column
		if column == 0 {
			column = len(test.text) + 1
		}
		items := complete(test.text, column, frame)
		has := func(name string) int {
			return slices.IndexFunc(items, func(it dap.CompletionItem) bool { return it.Label == name })
		}
		i := has(test.want)
		if i < 0 || has(test.not) >= 0 {
			t.Errorf("%s: %+v, want %s and not %s", test.text, items, test.want, test.not)
			continue
		}
		if items[i].Start != test.start || items[i].Length != test.length {
			t.Errorf("%s: %+v, want it from %d, %d long", test.text, items[i], test.start, test.length)
		}
	}
	if items := complete("dlv config maxStringLen ", 25, frame); len(items) != 0 {
		t.Errorf("for a number: %+v", items)
	}
	if items := complete("nobody.", 8, frame); len(items) != 0 {
		t.Errorf("of what there is not: %+v", items)
	}
	outer := ed.stack(thread)[1].Id
	if items := complete("sta", 4, outer); len(items) == 0 || items[0].Label != "stay" {
		t.Errorf("in an outer frame: %+v", items)
	}
}
