package vars

import (
	"reflect"
	"regexp"
	"strings"

	"github.com/go-delve/delve/pkg/proc"
)

// literal is a type that is written out, whose field names and tags are not to be
// touched.
var literal = regexp.MustCompile(`\bfunc\s*\(\s*[^\s)]|\b(struct|interface)\s*\{\s*[^\s}]`)

// importPath is the part of a long import path in front of the package's name.
var importPath = regexp.MustCompile(`[^\s\[\](){},;*"]*/[^\s\[\](){},;*"]*/`)

var comma = regexp.MustCompile(`,\b`)

// Shorten takes long import paths out of a type: []*example.com/a/b.T becomes []*b.T.
// Those of two elements stay (net/http), as types that are written out do.
func Shorten(typ string) string {
	if !strings.ContainsAny(typ, "/,") || literal.MatchString(typ) {
		return typ
	}
	return comma.ReplaceAllString(importPath.ReplaceAllString(typ, ""), ", ")
}

// Type is the type of a value; of an interface with the type of what it holds:
// "error(*main.E)".
func Type(v *proc.Variable) string {
	if v.Kind == reflect.Interface && len(v.Children) > 0 && v.Children[0].Kind != reflect.Invalid {
		return v.TypeString() + "(" + v.Children[0].TypeString() + ")"
	}
	return v.TypeString()
}

// typeName is the type as it stands in a line; "" if there is none.
func typeName(v *proc.Variable) string {
	if v.DwarfType == nil {
		return ""
	}
	return Shorten(v.TypeString())
}
