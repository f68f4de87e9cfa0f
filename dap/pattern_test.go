package dap

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// bindings are what a scenario knows by name. Values are as encoding/json makes them,
// with numbers as json.Number.
type bindings map[string]any

// parseJSON reads a value. Names are not yet replaced in it.
func parseJSON(text string) (v any, err error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if d.More() {
		return nil, fmt.Errorf("something follows the JSON: %s", text)
	}
	return v, nil
}

var nameInText = regexp.MustCompile(`\$\{(\w+)\}`)

// fill replaces names: a string "$NAME" by the value, "${NAME}" within a string by its
// text.
func (b bindings) fill(v any) (any, error) {
	switch v := v.(type) {
	case string:
		if name, ok := strings.CutPrefix(v, "$"); ok && !strings.HasPrefix(name, "{") {
			value, known := b[name]
			if !known {
				return nil, fmt.Errorf("$%s is not known", name)
			}
			return value, nil
		}
		var err error
		text := nameInText.ReplaceAllStringFunc(v, func(ref string) string {
			value, known := b[ref[2:len(ref)-1]]
			if !known {
				err = fmt.Errorf("%s is not known", ref)
			}
			return fmt.Sprint(value)
		})
		return text, err
	case []any:
		out := make([]any, len(v))
		for i := range v {
			var err error
			if out[i], err = b.fill(v[i]); err != nil {
				return nil, err
			}
		}
		return out, nil
	case map[string]any:
		out := map[string]any{}
		for k := range v {
			var err error
			if out[k], err = b.fill(v[k]); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return v, nil
}

// match holds a value against a pattern (testdata/README.md) and binds the names in it.
// It says where they differ.
func (b bindings) match(at string, pattern, value any) error {
	switch p := pattern.(type) {
	case nil:
		if value != nil {
			return fmt.Errorf("%s is %s, and should not be there", at, show(value))
		}
		return nil
	case string:
		return b.matchString(at, p, value)
	case map[string]any:
		v, ok := value.(map[string]any)
		if !ok {
			return fmt.Errorf("%s is %s, not an object", at, show(value))
		}
		for k, sub := range p {
			if err := b.match(at+"."+k, sub, v[k]); err != nil {
				return err
			}
		}
		return nil
	case []any:
		return b.matchArray(at, p, value)
	}
	if show(pattern) != show(value) {
		return fmt.Errorf("%s is %s, not %s", at, show(value), show(pattern))
	}
	return nil
}

func (b bindings) matchString(at, p string, value any) error {
	if name, ok := strings.CutPrefix(p, "="); ok && name != "" {
		if value == nil {
			return fmt.Errorf("%s is not there", at)
		}
		b[name] = value
		return nil
	}
	if expr, ok := strings.CutPrefix(p, "~"); ok {
		re, err := regexp.Compile(`(?s)^(?:` + expr + `)$`)
		if err != nil {
			return err
		}
		text, isText := value.(string)
		if !isText && value != nil {
			text = show(value)
		}
		found := re.FindStringSubmatch(text)
		if found == nil || value == nil {
			return fmt.Errorf("%s is %s, which does not match %s", at, show(value), expr)
		}
		for i, name := range re.SubexpNames() {
			if name != "" {
				b[name] = found[i]
			}
		}
		return nil
	}
	if p == "*" && value != nil {
		return nil
	}
	if text, ok := value.(string); !ok || text != p {
		return fmt.Errorf("%s is %s, not %q", at, show(value), p)
	}
	return nil
}

func (b bindings) matchArray(at string, p []any, value any) error {
	v, ok := value.([]any)
	if !ok {
		return fmt.Errorf("%s is %s, not an array", at, show(value))
	}
	if len(p) > 0 && p[0] == "..." { // in this order, among others
		i := 0
		for _, sub := range p[1:] {
			var err error
			for ; i < len(v); i++ {
				if err = b.match(at, sub, v[i]); err == nil {
					break
				}
			}
			if i == len(v) {
				return fmt.Errorf("%s has no element (any more) like %s: %s", at, show(sub), show(value))
			}
			i++
		}
		return nil
	}
	if len(p) != len(v) {
		return fmt.Errorf("%s has %d elements, not %d: %s", at, len(v), len(p), show(value))
	}
	for i := range p {
		if err := b.match(fmt.Sprintf("%s[%d]", at, i), p[i], v[i]); err != nil {
			return err
		}
	}
	return nil
}

func show(v any) string {
	if v == nil {
		return "missing"
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err.Error()
	}
	return strings.TrimSpace(out.String())
}

func TestPattern(t *testing.T) {
	for _, c := range []struct{ pattern, value, want string }{
		{`{"a": 1}`, `{"a": 1, "b": 2}`, ""},
		{`{"a": 1}`, `{"a": 2}`, "it.a is 2, not 1"},
		{`{"a": null}`, `{"b": 2}`, ""},
		{`{"a": null}`, `{"a": 2}`, "it.a is 2, and should not be there"},
		{`{"a": "*"}`, `{}`, `it.a is missing, not "*"`},
		{`{"a": "x<y"}`, `{"a": "x<y"}`, ""},
		{`{"a": "~x.*"}`, `{"a": "xyz"}`, ""},
		{`{"a": "~\\d+"}`, `{"a": 12}`, ""},
		{`{"a": "~y"}`, `{"a": "xyz"}`, `it.a is "xyz", which does not match y`},
		{`[1, 2]`, `[1, 2]`, ""},
		{`[1, 2]`, `[1, 2, 3]`, "it has 3 elements, not 2: [1,2,3]"},
		{`["...", 1, 3]`, `[1, 2, 3]`, ""},
		{`["...", 3, 1]`, `[1, 2, 3]`, "it has no element (any more) like 1: [1,2,3]"},
		{`true`, `true`, ""},
		{`true`, `null`, "it is missing, not true"},
		{`{"a": "=n", "b": "=m"}`, `{"a": 7, "b": "t"}`, ""},
	} {
		pattern, err := parseJSON(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		value, err := parseJSON(c.value)
		if err != nil {
			t.Fatal(err)
		}
		b := bindings{}
		got := ""
		if err := b.match("it", pattern, value); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s, %s: %q, want %q", c.pattern, c.value, got, c.want)
		}
		if strings.Contains(c.pattern, "=n") {
			filled, err := b.fill([]any{"$n", "x${n}${m}"})
			if err != nil || show(filled) != `[7,"x7t"]` {
				t.Errorf("filled: %v, %v", show(filled), err)
			}
			if _, err := b.fill("$nobody"); err == nil {
				t.Error("a name that nobody bound is filled in")
			}
		}
	}
}
