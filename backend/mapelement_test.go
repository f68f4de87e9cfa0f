package backend

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// TestElementsOfMaps: what the runtime moves cannot be watched, what stays can.
func TestElementsOfMaps(t *testing.T) {
	ctx := context.Background()
	s := launch(t, testkit.Debug, "twice", "1")
	runTo(t, s, "main.twice")
	for _, expr := range []string{`main.table["a"]`, `(main.table)["a"]`} {
		_, err := s.Watch(ctx, expr, Write)
		var bad *ExprError
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), `["a"] is an element of a map`) {
			t.Errorf("%s: %v", expr, err)
		}
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
