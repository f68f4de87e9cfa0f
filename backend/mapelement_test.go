package backend

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// TestElementsOfMaps: an element of a map, which the runtime moves, is watched as a whole,
// and what stays where it is as memory.
func TestElementsOfMaps(t *testing.T) {
	ctx := context.Background()
	s := launch(t, testkit.Debug, "twice", "1")
	runTo(t, s, "main.twice")
	for _, expr := range []string{`main.table["a"]`, `(main.table)["a"]`} {
		var cannot *ObjectError
		if w, err := s.Watch(ctx, expr, Write); errors.As(err, &cannot) {
			continue
		} else if err != nil || w.Type() != "int" {
			t.Errorf("%s: %v", expr, err)
		}
	}
	var bad *ExprError
	if _, err := s.Watch(ctx, `main.table[7]`, Write); !errors.As(err, &bad) || !strings.Contains(err.Error(), "7 is no key") {
		t.Errorf("a number for a string: %v", err)
	}
	for _, expr := range []string{"main.numbers[1]", "main.array[2]", "(main.array)[0]", "main.pair.A", "*main.ptr"} {
		w, err := s.Watch(ctx, expr, Write)
		if err != nil {
			t.Errorf("%s: %v", expr, err)
			continue
		}
		if err := w.Remove(ctx); err != nil {
			t.Error(err)
		}
	}
}
