package main

import (
	"bytes"
	"fmt"
	"go/parser"
	"go/token"
	"strconv"
)

// rewriteImport replaces the import of Delve's native backend in a Go source
// file by the adapter. The name by which the file calls it stays; nothing else
// in the file moves, so that line numbers in test failures are Delve's own.
// changed is false if the file does not import it.
func rewriteImport(src []byte) (out []byte, changed bool, err error) {
	if !bytes.Contains(src, []byte(nativeImport)) {
		return src, false, nil
	}
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", src, parser.ImportsOnly)
	if err != nil {
		return nil, false, err
	}
	for _, spec := range file.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, false, err
		}
		if path != nativeImport {
			continue
		}
		if changed {
			return nil, false, fmt.Errorf("imports %s twice", nativeImport)
		}
		replacement := strconv.Quote(adapterImport)
		if spec.Name == nil {
			replacement = "native " + replacement
		}
		// Offset counts from the start of the file, whatever line
		// directives say.
		start, end := fset.Position(spec.Path.Pos()).Offset, fset.Position(spec.Path.End()).Offset
		out = append(out, src[:start]...)
		out = append(out, replacement...)
		out = append(out, src[end:]...)
		changed = true
	}
	if !changed {
		return src, false, nil
	}
	return out, true, nil
}
