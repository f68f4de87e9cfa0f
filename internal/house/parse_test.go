package house

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// file is what the rules ask about a Go file.
type file struct {
	path    string // from the module's root
	dir     string // of path; "." is the root
	pkg     string
	test    bool
	comment string // the package comment
	imports []importSpec
	sleeps  []int // lines with a time.Sleep
	lines   int
}

type importSpec struct {
	path string
	line int
}

func (f file) base() string { return path.Base(f.path) }

// parseTree reads the Go files of a module.
func parseTree(root fs.FS) (files []file, err error) {
	err = fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if base := d.Name(); name != "." && (base == "testdata" || base == "vendor" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_")) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		f, err := parseFile(name, text)
		if err != nil {
			return err
		}
		files = append(files, f)
		return nil
	})
	return files, err
}

func parseFile(name string, text []byte) (file, error) {
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return file{}, err
	}
	line := func(n ast.Node) int { return set.Position(n.Pos()).Line }
	f := file{path: name, dir: path.Dir(name), pkg: tree.Name.Name, comment: tree.Doc.Text(),
		test: strings.HasSuffix(name, "_test.go"), lines: bytes.Count(text, []byte("\n"))}
	clock := "" // the name that package time goes by
	for _, spec := range tree.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return file{}, fmt.Errorf("%s:%d: %w", name, line(spec), err)
		}
		f.imports = append(f.imports, importSpec{p, line(spec)})
		if p == "time" {
			clock = "time"
			if spec.Name != nil {
				clock = spec.Name.Name
			}
		}
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == "Sleep" {
			if id, ok := sel.X.(*ast.Ident); ok && clock != "" && id.Name == clock {
				f.sleeps = append(f.sleeps, line(sel))
			}
		}
		return true
	})
	return f, nil
}
