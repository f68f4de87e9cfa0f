package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestCopyModule(t *testing.T) {
	src := writeTree(t, map[string]string{
		"go.mod":                        "module m\n",
		"pkg/a.go":                      "package a\n",
		"_fixtures/nongochild/child.sh": "#!/bin/sh\n",
		"_fixtures/fake-debuginfod-find/debuginfod": "#!/bin/sh\n",
	})
	// The module cache is read-only.
	if err := os.Chmod(filepath.Join(src, "pkg/a.go"), 0o444); err != nil {
		t.Fatal(err)
	}
	dst := filepath.Join(t.TempDir(), "copy")
	if err := copyModule(src, dst); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{
		"go.mod":                        0o600,
		"pkg/a.go":                      0o600,
		"_fixtures/nongochild/child.sh": 0o700,
		"_fixtures/fake-debuginfod-find/debuginfod": 0o700,
	} {
		info, err := os.Stat(filepath.Join(dst, name))
		if err != nil {
			t.Error(err)
		} else if got := info.Mode() & 0o700; got != want {
			t.Errorf("%s: owner may %o, want %o", name, got, want)
		}
	}
	data, err := os.ReadFile(filepath.Join(dst, "pkg/a.go"))
	if err != nil || string(data) != "package a\n" {
		t.Errorf("copied %q, %v", data, err)
	}
}

func TestTestEnv(t *testing.T) {
	env := testEnv([]string{"CI=true", "HOME=/h", "PROCTEST=rr", "GOROOT=/other", "PATH=/bin", "GOPROXY=p", "CGO_CFLAGS=-O2"}, "/go", "/t")
	want := []string{"HOME=/h", "GOPROXY=p", "GOWORK=off", "GOROOT=/go", "TMPDIR=/t", "PATH=/go/bin:/bin"}
	if !slices.Equal(env, want) {
		t.Errorf("got %q, want %q", env, want)
	}
}

func TestEnvForBackends(t *testing.T) {
	t.Setenv("GOFLAGS", "-modcacherw")
	ws := &workspace{env: []string{"A=1"}, overlays: map[string]string{backendArgus: "/o.json"}}
	if got, want := ws.envFor(backendNative), []string{"A=1", "GOFLAGS=-modcacherw"}; !slices.Equal(got, want) {
		t.Errorf("native: got %q, want %q", got, want)
	}
	if got, want := ws.envFor(backendArgus), []string{"A=1", "GOFLAGS=-modcacherw -overlay=/o.json"}; !slices.Equal(got, want) {
		t.Errorf("argus: got %q, want %q", got, want)
	}
}

func TestWorkspaceRefusesSpace(t *testing.T) {
	if _, err := newWorkspace(t.Context(), "/a b"); err == nil || !strings.Contains(err.Error(), "TMPDIR") {
		t.Errorf("got %v, want an error that says to set TMPDIR", err)
	}
}

func TestGoOutputError(t *testing.T) {
	_, err := goOutput(t.Context(), "", nil, "list", "./no-such-folder")
	if err == nil || !strings.Contains(err.Error(), "no-such-folder") {
		t.Errorf("got %v, want what the go command said", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := goOutput(ctx, "", nil, "version"); err != context.Canceled {
		t.Errorf("cancelled: got %v", err)
	}
}
