package backend

import (
	"fmt"
	"strconv"
	"strings"
)

// FilterError is a goroutine filter that cannot be understood.
type FilterError struct {
	Filter string
	Reason string
}

func (e *FilterError) Error() string {
	return fmt.Sprintf("goroutine filter %q: %s; a filter is -with or -without, and one of: curloc TEXT, userloc TEXT, goloc TEXT, "+
		"startloc TEXT, label KEY[=VALUE], running, user; or -chan EXPR", e.Filter, e.Reason)
}

// parseGoroutineFilter reads what Delve's command goroutines takes. What only says how
// the list is printed has no effect.
func parseGoroutineFilter(text string) ([]goroutineFilter, error) {
	var filters []goroutineFilter
	words := strings.Fields(text)
	next := func() (string, bool) {
		if len(words) == 0 {
			return "", false
		}
		w := words[0]
		words = words[1:]
		return w, true
	}
	fail := func(format string, args ...any) ([]goroutineFilter, error) {
		return nil, &FilterError{Filter: text, Reason: fmt.Sprintf(format, args...)}
	}
	for {
		word, ok := next()
		if !ok {
			return filters, nil
		}
		switch word {
		case "-u", "-r", "-g", "-s", "-l":
		case "-t":
			if len(words) > 0 {
				if _, err := strconv.Atoi(words[0]); err == nil {
					next()
				}
			}
		case "-exec":
			return filters, nil // a command for each, to the end
		case "-group":
			kind, ok := next()
			if !ok || !isFilterKind(kind) {
				return fail("-group needs one of them")
			}
			if kind == "label" {
				next()
			}
		case "-chan":
			expr, ok := next()
			if !ok {
				return fail("-chan needs an expression")
			}
			filters = append(filters, goroutineFilter{kind: "chan", arg: expr})
		case "-w", "-with", "-wo", "-without":
			f := goroutineFilter{negated: strings.HasPrefix(word, "-wo") || word == "-without"}
			if f.kind, ok = next(); !ok || !isFilterKind(f.kind) {
				return fail("%s must be followed by one of them, not %q", word, f.kind)
			}
			if f.kind != "running" && f.kind != "user" {
				if f.arg, ok = next(); !ok {
					return fail("%s %s needs a text", word, f.kind)
				}
			}
			filters = append(filters, f)
		default:
			return fail("unknown word %q", word)
		}
	}
}

func isFilterKind(kind string) bool {
	switch kind {
	case "curloc", "userloc", "goloc", "startloc", "label", "running", "user":
		return true
	}
	return false
}

// goroutineFilters are the conditions of a query.
func (s *Session) goroutineFilters(q GoroutineQuery) ([]goroutineFilter, error) {
	filters, err := parseGoroutineFilter(q.Filter)
	if err != nil {
		return nil, err
	}
	if q.HideSystem {
		filters = append([]goroutineFilter{{kind: "user"}}, filters...)
	}
	for i := range filters {
		if f := &filters[i]; f.kind == "chan" {
			scope, err := s.scope(-1, 0)
			if err != nil {
				return nil, err
			}
			const many = 1 << 20
			if f.waiting, err = scope.ChanGoroutines(f.arg, 0, many); err != nil {
				return nil, fmt.Errorf("-chan %s: %w", f.arg, err)
			}
		}
	}
	return filters, nil
}
