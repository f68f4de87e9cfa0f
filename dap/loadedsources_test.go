package dap

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-dap"
)

func TestLoadedSources(t *testing.T) {
	ed, thread, _ := view(t, "look", nil)
	path := ed.top(thread).Source.Path
	list := ask[dap.LoadedSourcesResponseBody](ed, "loadedSources", with{}).Sources
	if !slices.ContainsFunc(list, func(s dap.Source) bool { return s.Path == path && s.Name == "main.go" }) {
		t.Errorf("%s is not among %d sources", path, len(list))
	}
	for _, s := range list {
		if s.Path == "" || s.Name != filepath.Base(s.Path) || s.Path[0] == '<' {
			t.Errorf("%+v is no file", s)
		}
	}
}
