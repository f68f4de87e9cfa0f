package house

import (
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"
	"testing/fstest"
)

// checks are all rules, by name.
var checks = []struct {
	name string
	find func([]file) []string
}{
	{"imports", imports}, {"unsafe", unsafes}, {"comments", comments}, {"sleeps", sleeps}, {"lengths", lengths},
}

func TestHouse(t *testing.T) {
	files, err := parseTree(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 50 {
		t.Fatalf("only %d files: this is not the whole house", len(files))
	}
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			for _, fault := range c.find(files) {
				t.Error(fault)
			}
		})
	}
}

// TestRulesHaveTenants: a rule for a folder that is not there holds nothing.
// Floors that DESIGN names and nobody has built yet are excepted.
func TestRulesHaveTenants(t *testing.T) {
	unbuilt := []string{"dap"}
	for _, r := range rules {
		for _, dir := range r.dirs {
			if dir == "" || withinAny(dir, unbuilt) {
				continue
			}
			if _, err := os.Stat("../../" + dir); err != nil {
				t.Errorf("a rule is for %s: %v", dir, err)
			}
		}
	}
}

// good keeps all rules.
var good = map[string]string{
	"hwbp/doc.go":            "// Package hwbp is pure.\npackage hwbp\n",
	"hwbp/x.go":              "package hwbp\nimport \"fmt\"\nvar _ = fmt.Sprint\n",
	"hwbp/x_test.go":         "package hwbp\nimport \"os\"\nvar _ = os.Args\n",
	"ptrace/doc.go":          "// Package ptrace holds.\npackage ptrace\n",
	"ptrace/x.go":            "package ptrace\nimport (\n\"os\"\n\"" + module + "/hwbp\"\n)\n",
	"ptrace/sys_unsafe.go":   "package ptrace\nimport \"unsafe\"\n",
	"ptrace/room/doc.go":     "// Package room is in ptrace.\npackage room\n",
	"ptrace/y.go":            "package ptrace\nimport \"" + module + "/ptrace/room\"\n",
	"cmd/argus/main.go":      "// Argus watches.\npackage main\nimport \"time\"\nfunc main() { time.Sleep(1) }\n",
	"cmd/argus/room/doc.go":  "// Package room is in argus.\npackage room\n",
	"cmd/argus/x.go":         "package main\nimport \"" + module + "/cmd/argus/room\"\n",
	"cmd/other/doc.go":       "// Command other does.\npackage main\n",
	"x/testdata/bad.go":      "package bad\nimport \"unsafe\"\n",
	"x/_bad/bad.go":          "this is not Go\n",
	".hidden/bad.go":         "package bad\n",
	"examples/embed/main.go": "// Embed embeds.\npackage main\nimport \"" + module + "/backend\"\n",
	"backend/doc.go":         "// Package backend is a session.\npackage backend\n",
	"backend/x_test.go":      "package backend\nfunc f(time interface{ Sleep() }) { time.Sleep() }\n",
	"backend/long_test.go":   "package backend\n" + strings.Repeat("\n", 600),
	"internal/x/x_test.go":   "package x\n",
}

func TestGoodHouse(t *testing.T) {
	for _, c := range checks {
		for _, fault := range c.find(parsed(t, good)) {
			t.Errorf("%s: %s", c.name, fault)
		}
	}
}

// TestFaults changes one file of the good house at a time.
func TestFaults(t *testing.T) {
	imp := func(pkg, what string) string { return "package " + pkg + "\nimport _ \"" + what + "\"\n" }
	for _, c := range []struct{ check, name, text, want string }{
		{"imports", "hwbp/bad.go", imp("hwbp", "os"), "hwbp/bad.go:2: imports os: "},
		{"imports", "hwbp/bad.go", imp("hwbp", "os/exec"), "imports os/exec"},
		{"imports", "hwbp/bad_arm64.go", imp("hwbp", "golang.org/x/sys/unix"), "imports golang.org/x/sys/unix"},
		{"imports", "hwbp/bad.go", imp("hwbp", module+"/sched"), "ground floor"},
		{"imports", "sched/bad.go", imp("sched", "syscall"), "imports syscall"},
		{"imports", "sched/bad.go", imp("sched", module+"/ptrace"), "imports " + module + "/ptrace"},
		{"imports", "internal/insn/bad.go", imp("insn", "os"), "touches no system"},
		{"imports", "internal/insn/bad.go", imp("insn", module+"/backend"), "touches no system"},
		{"imports", "internal/value/bad.go", imp("value", "syscall"), "touches no system"},
		{"imports", "ptrace/bad.go", imp("ptrace", module+"/internal/glue"), "what the kernel does"},
		{"imports", "ptrace/bad.go", imp("ptrace", "github.com/go-delve/delve/pkg/proc"), "what the kernel does"},
		{"imports", "internal/glue/bad.go", imp("glue", module+"/backend"), "below backend"},
		{"imports", "backend/bad.go", imp("backend", module+"/dap"), "imports point down"},
		{"imports", "dap/bad.go", imp("dap", module+"/ptrace"), "stands on backend alone"},
		{"imports", "examples/embed/bad.go", imp("main", module+"/internal/insn"), "what any module can do"},
		{"imports", "examples/embed/bad_test.go", imp("main", module+"/internal/insn"), "what any module can do"},
		{"imports", "backend/bad.go", imp("backend", module+"/cmd/argus"), "nothing stands on them"},
		{"imports", "backend/bad_test.go", imp("backend", "github.com/go-delve/delve/service/dap"), "another house"},
		{"imports", "internal/any/bad.go", imp("any", "github.com/go-delve/delve/service"), "another house"},
		{"unsafe", "ptrace/bad.go", imp("ptrace", "unsafe"), "ptrace/bad.go:2: imports unsafe"},
		{"unsafe", "unsafe/bad_test.go", imp("x", "unsafe"), "unsafe/bad_test.go:2"},
		{"comments", "ptrace/doc.go", "package ptrace\n", "ptrace: no doc.go"},
		{"comments", "ptrace/doc.go", "// Holds.\npackage ptrace\n", "ptrace: no doc.go"},
		{"comments", "hwbp/doc.go", "//go:build linux\n\npackage hwbp\n", "hwbp: no doc.go"},
		{"comments", "internal/new/x.go", "// Package new is.\npackage new\n", "internal/new: no doc.go"},
		{"comments", "cmd/argus/main.go", "package main\n", "cmd/argus: no package comment"},
		{"sleeps", "backend/bad_test.go", "package backend\nimport \"time\"\nfunc f() {\n\ttime.Sleep(1)\n}\n", "backend/bad_test.go:4: time.Sleep"},
		{"sleeps", "backend/bad_test.go", "package backend\nimport t \"time\"\nvar f = t.Sleep\n", "backend/bad_test.go:3: time.Sleep"},
		{"lengths", "backend/bad.go", "package backend\n" + strings.Repeat("\n", maxLines), "501 lines"},
	} {
		changed := map[string]string{}
		for name, text := range good {
			changed[name] = text
		}
		// A new folder introduces itself, so that there is one fault only.
		if doc := path.Dir(c.name) + "/doc.go"; c.check != "comments" && changed[doc] == "" {
			pkg := path.Base(path.Dir(c.name))
			changed[doc] = "// Package " + pkg + " is.\npackage " + pkg + "\n"
		}
		changed[c.name] = c.text
		files := parsed(t, changed)
		for _, check := range checks {
			faults := check.find(files)
			if check.name != c.check {
				if len(faults) != 0 {
					t.Errorf("%s: %s finds %q", c.name, check.name, faults)
				}
			} else if len(faults) != 1 || !strings.Contains(faults[0], c.want) {
				t.Errorf("%s: got %q, want %q", c.name, faults, c.want)
			}
		}
	}
}

func TestParseError(t *testing.T) {
	for _, text := range []string{"", "package", "package x\nimport fmt\n"} {
		if _, err := parseFile("x.go", []byte(text)); err == nil {
			t.Errorf("%q was parsed", text)
		}
	}
	if _, err := parseTree(fstest.MapFS{"a/x.go": {Data: []byte("x")}}); err == nil {
		t.Error("a file that is not Go was parsed")
	}
	if _, err := parseTree(fstest.MapFS{"x.go": {Mode: fs.ModeSymlink, Data: []byte("none.go")}}); err == nil {
		t.Error("a file that is not there was parsed")
	}
}

func parsed(t *testing.T, tree map[string]string) []file {
	t.Helper()
	root := fstest.MapFS{}
	for name, text := range tree {
		root[name] = &fstest.MapFile{Data: []byte(text)}
	}
	files, err := parseTree(root)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestContributing: each package has its place in CONTRIBUTING.md, and each place a package.
func TestContributing(t *testing.T) {
	files, err := parseTree(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../../CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range places(files, string(text)) {
		t.Error(fault)
	}
}

func TestPlaces(t *testing.T) {
	files := parsed(t, map[string]string{"a/x.go": "package a\n", "a/b/x.go": "package b\n", "c/x_test.go": "package c\n"})
	for text, want := range map[string]int{
		"| x | `a` | good |\n": 0,
		"| x | `b` | bad |\n":  3, // a and a/b have no place, b no package
		"`a`\n":                2,
		"":                     2,
	} {
		if got := places(files, text); len(got) != want {
			t.Errorf("%q: got %q, want %d", text, got, want)
		}
	}
}
