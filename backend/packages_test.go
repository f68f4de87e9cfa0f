package backend

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// Each package is where its sources are, also one that has inlined much of others.
func TestPackageDirs(t *testing.T) {
	if testing.Short() {
		t.Skip("reads the line tables of all packages many times")
	}
	testkit.Watchdog(t)
	s, err := Launch(t.Context(), LaunchConfig{Path: testkit.Scenarios(t, testkit.Optimized)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	dirs, err := s.PackageDirs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if dir := filepath.ToSlash(dirs["main"]); !strings.HasSuffix(dir, "internal/testkit/targets/scenarios") {
		t.Errorf("main is in %q", dir)
	}
	runtime := dirs["runtime"]
	if !strings.HasSuffix(runtime, "/src/runtime") {
		t.Fatalf("runtime is in %q", runtime)
	}
	src := strings.TrimSuffix(runtime, "runtime")
	for pkg, dir := range dirs {
		if pkg != "main" && dir != src+pkg { // the target imports the standard library alone
			t.Errorf("%s is in %s", pkg, dir)
		}
	}
	if len(dirs) < 20 {
		t.Errorf("%d packages only", len(dirs))
	}
}
