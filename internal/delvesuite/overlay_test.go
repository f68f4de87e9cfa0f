package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const importsNative = "package p\n\nimport _ \"" + nativeImport + "\"\n"

// writeTree writes files, named by slash-separated paths, below a new folder.
func writeTree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestRewriteTree(t *testing.T) {
	root := writeTree(t, map[string]string{
		"pkg/proc/proc_test.go":              importsNative,
		"pkg/proc/proc.go":                   "package proc\n",
		"pkg/proc/notes.txt":                 importsNative,
		"pkg/proc/native/own_test.go":        importsNative,
		"service/debugger/debugger.go":       importsNative,
		"_fixtures/broken.go":                importsNative + "}",
		"service/debugger/testdata/input.go": importsNative,
	})
	out := t.TempDir()
	got, err := rewriteTree(root, out)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"pkg/proc/proc_test.go", "service/debugger/debugger.go"}
	if len(got) != len(want) {
		t.Errorf("rewrote %v, want %v", got, want)
	}
	for _, name := range want {
		target, ok := got[filepath.Join(root, name)]
		if !ok {
			t.Errorf("%s was not rewritten", name)
			continue
		}
		data, err := os.ReadFile(target)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(data), adapterImport) || strings.Contains(string(data), nativeImport) {
			t.Errorf("%s became %q", name, data)
		}
		if filepath.Dir(target) != out {
			t.Errorf("%s was written to %s", name, target)
		}
	}
	original, err := os.ReadFile(filepath.Join(root, want[0]))
	if err != nil || string(original) != importsNative {
		t.Errorf("the tree itself changed: %q, %v", original, err)
	}
}

func TestRewriteTreeFindsNothing(t *testing.T) {
	root := writeTree(t, map[string]string{"pkg/proc/proc.go": "package proc\n"})
	if _, err := rewriteTree(root, t.TempDir()); err == nil {
		t.Error("a Delve in which nothing uses the native backend must be an error")
	}
}

func TestRewriteTreeNamesBrokenFile(t *testing.T) {
	root := writeTree(t, map[string]string{"a/b.go": "packge p\n" + importsNative})
	if _, err := rewriteTree(root, t.TempDir()); err == nil || !strings.Contains(err.Error(), "b.go") {
		t.Errorf("got %v, want an error that names the file", err)
	}
}

// TestOverlayAddsPackage has the go command read an overlay: a file that is not
// on disk must become a package, and one that is must be replaced.
func TestOverlayAddsPackage(t *testing.T) {
	root := writeTree(t, map[string]string{
		"go.mod":    "module example.org/m\n\ngo 1.25.0\n",
		"main.go":   "package main\n\nfunc main() { undefined() }\n",
		"kept.go":   "package main\n",
		"other.txt": "package main\n\nimport \"example.org/m/added\"\n\nfunc main() { added.F() }\n",
		"added.txt": "package added\n\nfunc F() {}\n",
	})
	overlay := filepath.Join(t.TempDir(), "overlay.json")
	if err := writeOverlay(overlay, map[string]string{
		filepath.Join(root, "main.go"):           filepath.Join(root, "other.txt"),
		filepath.Join(root, "added", "added.go"): filepath.Join(root, "added.txt"),
	}); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(overlay)
	if err != nil || !json.Valid(data) {
		t.Fatalf("%q, %v", data, err)
	}
	cmd := exec.Command("go", "build", "-overlay="+overlay, "./...")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestAdapterBuilds compiles the adapter against Argus's internal packages,
// as the overlay places it.
func TestAdapterBuilds(t *testing.T) {
	var own struct{ Dir string }
	if err := goJSON(t.Context(), &own, "list", "-m", "-json"); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	source := filepath.Join(dir, "adapter.go")
	if err := os.WriteFile(source, adapterSource, 0o644); err != nil {
		t.Fatal(err)
	}
	overlay := filepath.Join(dir, "overlay.json")
	if err := writeOverlay(overlay, map[string]string{filepath.Join(own.Dir, "delveadapter", "adapter.go"): source}); err != nil {
		t.Fatal(err)
	}
	if _, err := goOutput(t.Context(), own.Dir, nil, "build", "-overlay="+overlay, "./delveadapter"); err != nil {
		t.Error(err)
	}
}
