package main

import (
	"bytes"
	"go/format"
	"strings"
	"testing"
)

func TestRewriteImport(t *testing.T) {
	for _, tc := range []struct{ name, src, want string }{
		{"unnamed",
			"package p\n\nimport (\n\t\"os\"\n\n\t\"github.com/go-delve/delve/pkg/proc/native\" // why\n)\n\nvar _ = native.Launch\n",
			"package p\n\nimport (\n\t\"os\"\n\n\tnative \"github.com/argusdbg/argus/delveadapter\" // why\n)\n\nvar _ = native.Launch\n"},
		{"named",
			"package p\n\nimport n \"github.com/go-delve/delve/pkg/proc/native\"\n",
			"package p\n\nimport n \"github.com/argusdbg/argus/delveadapter\"\n"},
		{"raw string",
			"package p\n\nimport . `github.com/go-delve/delve/pkg/proc/native`\n",
			"package p\n\nimport . \"github.com/argusdbg/argus/delveadapter\"\n"},
		{"with a sub-package",
			"package p\n\nimport \"github.com/go-delve/delve/pkg/proc/native/cpuid\"\nimport \"github.com/go-delve/delve/pkg/proc/native\"\n",
			"package p\n\nimport \"github.com/go-delve/delve/pkg/proc/native/cpuid\"\nimport native \"github.com/argusdbg/argus/delveadapter\"\n"},
		{"line directive and bytes that are no ASCII",
			"//line gen.y:7\n// Grüße\npackage p\n\nimport \"github.com/go-delve/delve/pkg/proc/native\"\n",
			"//line gen.y:7\n// Grüße\npackage p\n\nimport native \"github.com/argusdbg/argus/delveadapter\"\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, changed, err := rewriteImport([]byte(tc.src))
			if err != nil || !changed {
				t.Fatalf("changed %v, error %v", changed, err)
			}
			if string(got) != tc.want {
				t.Errorf("got\n%s\nwant\n%s", got, tc.want)
			}
			if strings.Count(string(got), "\n") != strings.Count(tc.src, "\n") {
				t.Error("lines moved")
			}
		})
	}
}

func TestRewriteImportLeavesOthers(t *testing.T) {
	for _, src := range []string{
		"package p\n",
		"package p\n\nimport _ \"github.com/go-delve/delve/pkg/proc/native/cpuid\"\n",
		"package p\n\n// github.com/go-delve/delve/pkg/proc/native is for others.\n",
		"package p\n\nvar s = \"github.com/go-delve/delve/pkg/proc/native\"\n",
	} {
		got, changed, err := rewriteImport([]byte(src))
		if err != nil || changed || string(got) != src {
			t.Errorf("%q: changed %v, error %v, got %q", src, changed, err, got)
		}
	}
}

func TestRewriteImportErrors(t *testing.T) {
	const imp = "import _ \"github.com/go-delve/delve/pkg/proc/native\"\n"
	for _, src := range []string{"package p\n" + imp + imp, "package\n" + imp} {
		if out, _, err := rewriteImport([]byte(src)); err == nil {
			t.Errorf("%q was rewritten to %q", src, out)
		}
	}
}

func TestAdapterIsFormatted(t *testing.T) {
	got, err := format.Source(adapterSource)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, adapterSource) {
		t.Error("adapter.go.txt is not as gofmt has it")
	}
}
