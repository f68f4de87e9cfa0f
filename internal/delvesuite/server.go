package main

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
)

//go:embed server.go.txt
var serverSource []byte

const (
	serverSuite = "service/dap"
	startServer = "startDAPServer"   // the function of Delve's test that starts a server
	startArgus  = "startArgusServer" // ours, in server.go.txt
)

// addServer writes the overlay that makes the suite of Delve's DAP server run on Argus's,
// of which the function that starts it is given.
func (ws *workspace) addServer(ctx context.Context, source []byte) error {
	dir := ws.overlayDir(backendServer)
	tests := filepath.Join(ws.delve, serverSuite, "server_test.go")
	src, err := os.ReadFile(tests)
	if err != nil {
		return err
	}
	rewritten, err := redirectFunction(src, startServer, startArgus)
	if err == nil {
		rewritten, err = takeOut(rewritten)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", tests, err)
	}
	ours, theirs := filepath.Join(dir, "argus_test.go"), filepath.Join(dir, "server_test.go")
	if err := os.WriteFile(ours, source, 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(theirs, rewritten, 0o644); err != nil {
		return err
	}
	return ws.addOverlay(ctx, backendServer, map[string]string{
		tests: theirs,
		filepath.Join(ws.delve, serverSuite, "argus_test.go"): ours,
	}, []string{serverSuite})
}

// redirectFunction makes the function of a Go source file that has one name call another
// with its own arguments. No line of the file moves. All parameters have to have names.
func redirectFunction(src []byte, name, target string) ([]byte, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", src, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	for _, d := range file.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Name.Name != name || fn.Recv != nil || fn.Body == nil {
			continue
		}
		var args []string
		for _, field := range fn.Type.Params.List {
			for _, n := range field.Names {
				args = append(args, n.Name)
			}
		}
		begin, end := fset.PositionFor(fn.Body.Lbrace, false).Offset, fset.PositionFor(fn.Body.Rbrace, false).Offset
		var out bytes.Buffer
		out.Write(src[:begin+1])
		fmt.Fprintf(&out, " return %s(%s)", target, strings.Join(args, ", "))
		out.WriteString(strings.Repeat("\n", bytes.Count(src[begin:end], []byte("\n"))))
		out.Write(src[end:])
		return out.Bytes(), nil
	}
	return nil, fmt.Errorf("there is no function %s", name)
}
