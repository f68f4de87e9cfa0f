package backend

import (
	"go/ast"
	"go/parser"
	"regexp"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/go-delve/delve/pkg/proc"
)

// noFunction is what Delve says of a name that a package has not.
var noFunction = regexp.MustCompile(`^package (\S+) has no function (\S+)$`)

// What Delve says of a name that is no package variable where there is no function to
// look for locals in, as in a dynamically linked program before its first instruction,
// and of a nil pointer that is followed.
const (
	noContext  = "unable to find function context"
	nilPointer = "nil pointer dereference"
)

// firstName is the first variable that an expression names, with its package.
func firstName(expr string) (name string, ok bool) {
	tree, err := parser.ParseExpr(expr)
	if err != nil {
		return "", false
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if pkg, isIdent := n.X.(*ast.Ident); isIdent && name == "" {
				name = pkg.Name + "." + n.Sel.Name
			}
		case *ast.Ident:
			if name == "" {
				name = n.Name
			}
		}
		return name == ""
	})
	return name, name != ""
}

// unknownName finds out of Delve's error which name it did not know.
func unknownName(err error) (string, bool) {
	text := err.Error()
	if m := noFunction.FindStringSubmatch(text); m != nil {
		return m[1] + "." + m[2], true
	}
	for _, prefix := range []string{"could not find symbol value for ", "could not find symbol ", "could not find "} {
		if name, ok := strings.CutPrefix(text, prefix); ok && !strings.ContainsRune(name, ' ') {
			return name, true
		}
	}
	return "", false
}

// variableNames lists what could have been meant: locals and package variables.
func (s *Session) variableNames(scope *proc.EvalScope) []string {
	var names []string
	if vars, err := scope.PackageVariables(proc.LoadConfig{}); err == nil {
		for _, v := range vars {
			names = append(names, v.Name[strings.LastIndexByte(v.Name, '/')+1:]) // as expressions name packages
		}
	}
	for _, list := range []func(proc.LoadConfig) ([]*proc.Variable, error){scope.LocalVariables, scope.FunctionArguments} {
		if vars, err := list(proc.LoadConfig{}); err == nil {
			for _, v := range vars {
				names = append(names, v.Name)
			}
		}
	}
	return names
}

// maxSuggestions is how many names a message offers.
const maxSuggestions = 3

// similar returns the names nearest to name: those that differ in few letters, in the
// case of letters, or in their package only.
func similar(name string, names []string) []string {
	type candidate struct {
		name     string
		distance int
	}
	var found []candidate
	lower, base := strings.ToLower(name), lastPart(name)
	for _, n := range names {
		d := levenshtein.ComputeDistance(lower, strings.ToLower(n))
		if lastPart(n) == base && len(base) > 1 {
			d = min(d, 2)
		}
		if d <= 1+len(base)/4 {
			found = append(found, candidate{n, d})
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return a.distance - b.distance })
	var result []string
	for _, c := range found[:min(len(found), maxSuggestions)] {
		result = append(result, c.name)
	}
	return result
}

func lastPart(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }
