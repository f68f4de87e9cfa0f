package dap

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"strings"

	"github.com/argusdbg/argus/backend"
)

// dataID says what a data breakpoint is on. The client keeps it, for longer than the
// session if it can persist: so it is by name, and not a number.
type dataID struct {
	Expr    string       `json:"expr,omitempty"` // "": Bytes at Addr
	Package bool         `json:"package,omitempty"`
	Bytes   int          `json:"bytes,omitempty"`  // 0: all of Expr
	Mode    backend.Mode `json:"mode,omitempty"`   // "": as it fits
	Follow  bool         `json:"follow,omitempty"` // pointers, the first that comes

	// What follows is good for one process, and not for package variables.
	PID       int    `json:"pid,omitempty"`
	Addr      uint64 `json:"addr,omitempty"`
	Type      string `json:"type,omitempty"`
	Local     bool   `json:"local,omitempty"`
	Moves     bool   `json:"moves,omitempty"` // as an entry of a map: Addr is that of the map
	Goroutine int64  `json:"goroutine,omitempty"`
	Frame     int    `json:"frame,omitempty"`
}

func (id *dataID) String() string {
	text, err := json.Marshal(id)
	if err != nil { // it has nothing in it that could fail
		panic(err)
	}
	return string(text)
}

func parseDataID(text string) (*dataID, error) {
	id := &dataID{}
	if err := json.Unmarshal([]byte(text), id); err != nil || id.Expr == "" && id.Addr == 0 || id.Bytes < 0 {
		return nil, fmt.Errorf("malformed data ID: %q", text)
	}
	return id, nil
}

// options are those of what it is on.
func (id *dataID) options() (list []backend.WatchOption) {
	if id.Follow {
		list = append(list, backend.Follow(1))
	}
	return list
}

// name is what the user calls it.
func (id *dataID) name() string {
	switch {
	case id.Expr == "":
		return fmt.Sprintf("%d bytes at %#x", id.Bytes, id.Addr)
	case id.Bytes > 0:
		return fmt.Sprintf("%d bytes at %s", id.Bytes, id.Expr)
	}
	return id.Expr
}

var (
	errElsewhere = errors.New("the program has run since: it is somewhere else now, or gone; ask for it again")
	errOtherRun  = errors.New("it was memory of another process: ask for it again")
)

// place finds what is to be watched: an expression, and where that is evaluated.
func (id *dataID) place(ctx context.Context, t *target) (expr string, in backend.WatchOption, err error) {
	in = backend.InScope(-1, 0)
	if !id.Package && id.PID != t.PID() {
		return "", nil, errOtherRun
	}
	if id.Expr == "" {
		return bytesAt(id.Addr, id.Bytes), in, nil
	}
	switch {
	case id.Moves && !id.Package:
		in = backend.InScope(id.Goroutine, id.Frame)
		w, err := t.Watchable(ctx, id.Expr, append(id.options(), in)...)
		if err == nil && w.Addr != id.Addr {
			err = errElsewhere
		}
		return id.Expr, in, err
	case !id.Package:
		in = backend.InScope(id.Goroutine, id.Frame)
	case id.Bytes == 0: // it means the same everywhere
		return id.Expr, in, nil
	}
	addr, err := id.find(ctx, t)
	switch {
	case err == nil && (id.Package || addr == id.Addr):
		if id.Bytes > 0 {
			return bytesAt(addr, id.Bytes), in, nil
		}
		return id.Expr, in, nil
	case id.Package:
		return "", nil, err
	case id.Local: // whatever has that address now is another variable
		return "", nil, errElsewhere
	case id.Bytes > 0:
		return bytesAt(id.Addr, id.Bytes), backend.InScope(-1, 0), nil
	}
	return fmt.Sprintf("*(*%q)(%#x)", id.Type, id.Addr), backend.InScope(-1, 0), nil
}

// find evaluates the expression again.
func (id *dataID) find(ctx context.Context, t *target) (addr uint64, err error) {
	at := backend.Selected
	if !id.Package {
		at = backend.Scope{Goroutine: id.Goroutine, Frame: id.Frame}
	}
	v, err := t.Evaluate(ctx, at, id.Expr, backend.Load{NoFollow: true})
	if err != nil {
		return 0, err
	}
	return v.Addr, nil
}

// bytesAt is an expression for memory: as a number if it can be one.
func bytesAt(addr uint64, n int) string {
	switch n {
	case 1, 2, 4, 8:
		return fmt.Sprintf("*(*uint%d)(%#x)", 8*n, addr)
	}
	return fmt.Sprintf("*(*[%d]uint8)(%#x)", n, addr)
}

// withoutParens drops parentheses that mean nothing: expressions put together from others
// have some, and users would not write them.
func withoutParens(expr string) string {
	tree, err := parser.ParseExpr(expr)
	if err != nil {
		return expr
	}
	text := []byte(expr)
	ast.Inspect(tree, func(n ast.Node) bool {
		if p, ok := n.(*ast.ParenExpr); ok {
			switch p.X.(type) {
			case *ast.Ident, *ast.SelectorExpr, *ast.IndexExpr, *ast.ParenExpr:
				text[p.Lparen-1], text[p.Rparen-1] = 0, 0 // positions begin with 1
			}
		}
		return true
	})
	return strings.ReplaceAll(string(text), "\x00", "")
}
