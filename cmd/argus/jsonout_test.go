package main

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestJSONDocument: docs/json.md has a section for each event, and its tables the keys
// of the code.
func TestJSONDocument(t *testing.T) {
	doc, err := os.ReadFile("../../docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	key := regexp.MustCompile("(?m)^\\| ((?:`[a-z_]+`(?:, )?)+) \\|")
	name := regexp.MustCompile("`([a-z_]+)`")
	tables := func(section string) (all [][]string) {
		for _, table := range strings.Split(section, "| key | value |")[1:] {
			var keys []string
			for _, row := range key.FindAllStringSubmatch(table, -1) {
				for _, k := range name.FindAllStringSubmatch(row[1], -1) {
					keys = append(keys, k[1])
				}
			}
			slices.Sort(keys)
			all = append(all, keys)
		}
		return all
	}
	code := map[string][]any{
		"hit": {jsonHit{}, jsonChange{}, jsonFrame{}}, "ended": {jsonEnded{}}, "exec": {jsonExec{}},
		"exit": {jsonExit{}}, "detach": {jsonDetach{}}, "summary": {jsonSummary{}, jsonWatch{}},
		"write": {jsonWrite{}}, "writers": {jsonWriters{}}, "trace_summary": {jsonTotals{}, jsonTrace{}},
	}
	sections := strings.Split(string(doc), "\n## `")[1:]
	if len(sections) != len(code) {
		t.Errorf("%d sections, %d events", len(sections), len(code))
	}
	for _, section := range sections {
		event, _, _ := strings.Cut(section, "`")
		documented := tables(section)
		if len(documented) != len(code[event]) {
			t.Errorf("%s: %d tables, want %d", event, len(documented), len(code[event]))
			continue
		}
		for i, v := range code[event] {
			var keys []string
			for f := range reflect.TypeOf(v).NumField() {
				tag, _, _ := strings.Cut(reflect.TypeOf(v).Field(f).Tag.Get("json"), ",")
				keys = append(keys, tag)
			}
			slices.Sort(keys)
			if !slices.Equal(keys, documented[i]) {
				t.Errorf("%s: the code has %v, the document %v", event, keys, documented[i])
			}
		}
	}
}
