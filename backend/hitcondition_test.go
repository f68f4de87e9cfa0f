package backend

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/argusdbg/argus/internal/testkit"
)

func TestParseHitCondition(t *testing.T) {
	for text, want := range map[string]hitCondition{
		"": {}, "  ": {}, "5": {"==", 5}, "== 5": {"==", 5}, "==5": {"==", 5}, " > 3 ": {">", 3}, ">=3": {">=", 3},
		"% 10": {"%", 10}, "%1": {"%", 1}, "!= 2": {"!=", 2}, "< 4": {"<", 4}, "<= 4": {"<=", 4}, "> 0": {">", 0}, "<2": {"<", 2},
	} {
		if got, err := parseHitCondition(text); err != nil || got != want {
			t.Errorf("%q is %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"x", "= 5", "== ", "5 5", "-1", "> -1", "=> 5", "1.5", "% 0", "0", "== 0", "< 1", "< 0", "<= 0", "99999999999999999999"} {
		var wrong *ExprError
		if got, err := parseHitCondition(text); !errors.As(err, &wrong) || wrong.Expr != text {
			t.Errorf("%q is %v, %v; want an error", text, got, err)
		}
	}
}

// TestHitConditionNever: what is said to hold never again does not, and what is not said
// to holds some time.
func TestHitConditionNever(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		op := rapid.SampledFrom([]string{"", "==", "!=", ">", ">=", "<", "<=", "%"}).Draw(t, "op")
		h, err := parseHitCondition(fmt.Sprint(op, rapid.IntRange(0, 20).Draw(t, "n")))
		if err != nil {
			return // never from the beginning, which is an error
		}
		count := rapid.Uint64Range(0, 40).Draw(t, "count")
		later := false
		for n := count + 1; n <= count+50; n++ {
			later = later || h.holds(n)
		}
		if later == h.never(count) {
			t.Fatalf("%v: never after %d is %v", h, count, h.never(count))
		}
	})
}

// TestWatchHitCondition counts hits that meet the condition.
func TestWatchHitCondition(t *testing.T) { eachDriver(t, testWatchHitCondition) }

func testWatchHitCondition(t *testing.T) {
	s := launch(t, testkit.Debug, "twice", "20")
	var third, some recorder
	// The writes are 0, 0, 1, -1, 2, -2, ...
	setWatch(t, s, "main.x", Write, If("main.x > 0"), WithHitCondition("% 3"), Report(third.add))
	setWatch(t, s, "main.x", Write, WithHitCondition("<= 2"), Report(some.add))
	toTheEnd(t, s, 0)
	var got []int64
	for _, h := range third.hits {
		n, _ := h.New.Int()
		got = append(got, n)
	}
	if fmt.Sprint(got) != "[3 6 9 12 15 18]" || len(some.hits) != 2 {
		t.Errorf("each third: %v, at most two: %d", got, len(some.hits))
	}
	s = launch(t, testkit.Debug, "twice", "1")
	var wrong *ExprError
	if _, err := s.Watch(context.Background(), "main.x", Write, WithHitCondition("often")); !errors.As(err, &wrong) {
		t.Errorf("a bad hit condition: %v", err)
	}
}
