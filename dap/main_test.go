package dap

import (
	"fmt"
	"os"
	"runtime/debug"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

func TestMain(m *testing.M) {
	bug = func(p any) { // a fault in a handler is not to be answered away
		fmt.Fprintf(os.Stderr, "dap: a handler panics: %v\n%s\n", p, debug.Stack())
		os.Exit(2)
	}
	testkit.Main(m)
}
