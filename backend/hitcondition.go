package backend

import (
	"fmt"
	"strconv"
	"strings"
)

// HitCondition lets a breakpoint stop at some of the times only that it is reached with
// its condition true: "5" or "== 5" is the fifth, "!= 5" all others, "> 5", ">= 5",
// "< 5" and "<= 5" those after or before it, "% 5" each fifth.
//
// Break fails with an [*ExprError] if it is none of these, or can never be true.
func HitCondition(text string) BreakOption { return func(o *breakOptions) { o.hit = text } }

// WithHitCondition reports some of the hits only that meet the condition: see
// [HitCondition]. With [Every] both must agree.
func WithHitCondition(text string) WatchOption { return func(o *watchOptions) { o.hit = text } }

// hitCondition is true of some counts. The zero value is true of all.
type hitCondition struct {
	op string
	n  uint64
}

// parseHitCondition reads a condition on a count, which begins with 1; "" is always true.
func parseHitCondition(text string) (hitCondition, error) {
	rest := strings.TrimSpace(text)
	if rest == "" {
		return hitCondition{}, nil
	}
	h := hitCondition{op: "=="}
	for _, op := range []string{"==", "!=", ">=", "<=", ">", "<", "%"} { // the longer first
		if after, ok := strings.CutPrefix(rest, op); ok {
			h.op, rest = op, strings.TrimSpace(after)
			break
		}
	}
	n, err := strconv.ParseUint(rest, 10, 63)
	if err != nil {
		return h, &ExprError{Expr: text, Err: err, Reason: fmt.Sprintf(
			"hit condition %q is neither a number nor ==, !=, >, >=, <, <= or %% and a number", text)}
	}
	if h.n = n; h.never(0) || h.op == "%" && n == 0 {
		return h, &ExprError{Expr: text, Reason: fmt.Sprintf("hit condition %q is never true: hits are counted from 1", text)}
	}
	return h, nil
}

// holds reports whether the condition is true of the count-th time.
func (h hitCondition) holds(count uint64) bool {
	switch h.op {
	case "==":
		return count == h.n
	case "!=":
		return count != h.n
	case ">":
		return count > h.n
	case ">=":
		return count >= h.n
	case "<":
		return count < h.n
	case "<=":
		return count <= h.n
	case "%":
		return count%h.n == 0
	}
	return true
}

// never reports whether it will be true of no count after this one.
func (h hitCondition) never(count uint64) bool {
	switch h.op {
	case "==", "<=":
		return count >= h.n
	case "<":
		return count+1 >= h.n
	}
	return false
}
