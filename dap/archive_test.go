package dap

import (
	"strings"
	"testing"
)

// archive is a file in the txtar format: a comment, and files, each after a line
// "-- NAME --".
type archive struct {
	comment string
	names   []string
	files   map[string]string
	lines   map[string]int // where a file begins in the archive, for messages
}

func parseArchive(text string) *archive {
	a := &archive{files: map[string]string{}, lines: map[string]int{}}
	name := ""
	var part strings.Builder
	flush := func() {
		if name == "" {
			a.comment = part.String()
		} else {
			a.files[name] = part.String()
		}
		part.Reset()
	}
	for i, line := range strings.SplitAfter(text, "\n") {
		trimmed := strings.TrimSpace(line)
		if strings.HasPrefix(trimmed, "-- ") && strings.HasSuffix(trimmed, " --") && len(trimmed) > 6 {
			flush()
			name = trimmed[3 : len(trimmed)-3]
			a.names = append(a.names, name)
			a.lines[name] = i + 1
			continue
		}
		part.WriteString(line)
	}
	flush()
	return a
}

func TestParseArchive(t *testing.T) {
	a := parseArchive("what it is\n-- a.go --\npackage a\n\nvar x = 1\n-- session --\none\n")
	if a.comment != "what it is\n" || strings.Join(a.names, " ") != "a.go session" ||
		a.files["a.go"] != "package a\n\nvar x = 1\n" || a.files["session"] != "one\n" || a.lines["session"] != 6 {
		t.Errorf("%+v", a)
	}
}
