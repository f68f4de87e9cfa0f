package doctor

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/hwbp"
	"github.com/argusdbg/argus/ptrace"
)

func TestConclude(t *testing.T) {
	h := settings(0, 0)
	for _, c := range []struct {
		child     childOutcome
		watch     bool
		slotBytes int
		want      string
	}{
		{childOutcome{slots: 4}, true, 8, "Argus can watch here: 4 watchpoints of up to 8 bytes at a time, and more that take turns."},
		{childOutcome{slots: 1, slot: ptrace.ErrNoSlot}, true, 8, "Argus can watch here: 1 watchpoint of up to 8 bytes at a time, and more that take turns."},
		{childOutcome{launch: unix.EPERM}, false, 0, "Argus cannot watch here: ptrace is not permitted: no seccomp filter."},
		{childOutcome{launch: errNoProgram}, false, 0, "Whether Argus can watch here is not known: none of the small programs"},
		{childOutcome{slot: ptrace.ErrNoDebugRegisters, hit: ptrace.ErrNoDebugRegisters}, false, 0, "Argus cannot watch here: no access to debug registers."},
		{childOutcome{slots: 4, hit: errNoHit}, false, 8, "Argus cannot watch here: debug registers can be set, but"},
		{childOutcome{slots: 4, hit: errTimeout}, false, 8, "Whether Argus can watch here is not known: nothing was reported in time"},
	} {
		r := h.report(hwbp.AMD64, outcome{child: c.child})
		if r.OK() != c.watch || r.Slots != c.child.slots || r.SlotBytes != c.slotBytes || !strings.HasPrefix(r.Verdict, c.want) {
			t.Errorf("%+v: got %v, %d, %d, %q", c.child, r.OK(), r.Slots, r.SlotBytes, r.Verdict)
		}
	}
}

func TestLongest(t *testing.T) {
	if a, b := longest(hwbp.AMD64), longest(hwbp.ARM64); a != 8 || b != 8 {
		t.Errorf("got %d and %d", a, b)
	}
	if got := longest(hwbp.Limits{}); got != 0 {
		t.Errorf("got %d for no lengths", got)
	}
}

// TestDocumented compares what is promised in docs/doctor.md and in the package
// comment with what a report has.
func TestDocumented(t *testing.T) {
	r := fake(nil).report(hwbp.AMD64, outcome{})
	encoded, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var object map[string]json.RawMessage
	var checks []map[string]json.RawMessage
	if err := json.Unmarshal(encoded, &object); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(object["checks"], &checks); err != nil {
		t.Fatal(err)
	}
	var names []string
	for i, c := range r.Checks {
		names = append(names, c.Name)
		if !slices.Equal(sorted(checks[i]), sorted(checks[0])) {
			t.Errorf("%s has keys of its own: %v", c.Name, sorted(checks[i]))
		}
	}
	tables := documentedTables(t)
	for i, want := range [][]string{names,
		{string(StatusOK), string(StatusLimited), string(StatusMissing), string(StatusUnknown)},
		sorted(object), sorted(checks[0])} {
		if i >= 2 {
			slices.Sort(tables[i])
		}
		if !slices.Equal(tables[i], want) {
			t.Errorf("documented %v, real %v", tables[i], want)
		}
	}
	comment, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range append(sorted(object), sorted(checks[0])...) {
		if !regexp.MustCompile(`(?m)^//\t+ *` + key + ` `).Match(comment) {
			t.Errorf("the package comment does not tell of %s", key)
		}
	}
	if !strings.Contains(string(comment), strings.Join(names, ", ")) {
		t.Errorf("the package comment does not list the names %v", names)
	}
}

// documentedTables returns the first column of each table of docs/doctor.md.
func documentedTables(t *testing.T) (tables [][]string) {
	t.Helper()
	text, err := os.ReadFile("../../docs/doctor.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("^\\| `([a-z_]+)` \\|")
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "|---") {
			tables = append(tables, nil)
		} else if m := row.FindStringSubmatch(line); m != nil {
			tables[len(tables)-1] = append(tables[len(tables)-1], m[1])
		}
	}
	if len(tables) != 4 {
		t.Fatalf("%d tables in docs/doctor.md, want checks, statuses, keys and keys of a check", len(tables))
	}
	return tables
}

func sorted(m map[string]json.RawMessage) []string { return slices.Sorted(maps.Keys(m)) }
