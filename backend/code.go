package backend

import (
	"context"
	"fmt"
	"iter"
	"regexp"
	"slices"
)

// Sources lists the source files of the program whose paths match a Go regular
// expression ("" is all), in order.
func (s *Session) Sources(ctx context.Context, filter string) ([]string, error) {
	return s.names(ctx, filter, func() (iter.Seq[string], error) {
		return slices.Values(s.target.BinInfo().Sources), nil
	})
}

// Functions lists the functions whose names match a Go regular expression ("" is all),
// in order. Functions that were inlined wherever they are called are among them.
func (s *Session) Functions(ctx context.Context, filter string) ([]string, error) {
	return s.names(ctx, filter, func() (iter.Seq[string], error) {
		return func(yield func(string) bool) {
			for i := range s.target.BinInfo().Functions {
				if !yield(s.target.BinInfo().Functions[i].Name) {
					return
				}
			}
		}, nil
	})
}

// Types lists the types whose names match a Go regular expression ("" is all), in order.
func (s *Session) Types(ctx context.Context, filter string) ([]string, error) {
	return s.names(ctx, filter, func() (iter.Seq[string], error) {
		types, err := s.target.BinInfo().Types()
		return slices.Values(types), err
	})
}

func (s *Session) names(ctx context.Context, filter string, all func() (iter.Seq[string], error)) ([]string, error) {
	re, err := regexp.Compile(filter)
	if err != nil {
		return nil, &ExprError{Expr: filter, Err: err, Reason: fmt.Sprintf("%q is not a regular expression: %v", filter, err)}
	}
	var list []string
	err = s.do(ctx, func() error {
		names, err := all()
		if err != nil {
			return err
		}
		for name := range names {
			if re.MatchString(name) {
				list = append(list, name)
			}
		}
		return nil
	})
	slices.Sort(list)
	return slices.Compact(list), err
}

// maxSourceLines bounds what StatementLines looks at; Go's own line tables end at 2^20.
const maxSourceLines = 1 << 20

// StatementLines lists the lines of a source file, from the first to the last given, on
// which a breakpoint can be set as they are. The end of the file's path is enough.
func (s *Session) StatementLines(ctx context.Context, file string, from, to int) ([]int, error) {
	var list []int
	err := s.do(ctx, func() error {
		path, err := s.sourceFile(file)
		if err != nil {
			return err
		}
		var lines []int
		for line := max(from, 1); line <= min(to, maxSourceLines); line++ {
			lines = append(lines, line)
		}
		for line, pcs := range s.target.BinInfo().AllPCsForFileLines(path, lines) {
			if slices.ContainsFunc(pcs, s.ownCode) {
				list = append(list, line)
			}
		}
		return nil
	})
	slices.Sort(list)
	return list, err
}

// ownCode reports whether a pc is not in a function that the compiler made.
func (s *Session) ownCode(pc uint64) bool {
	fn := s.target.BinInfo().PCToFunc(pc)
	return fn != nil && !wrapper(fn)
}

// Image is a file that code of the program comes from: the executable or a shared library.
type Image struct {
	Path    string
	Addr    uint64 // what the addresses in it are moved by; 0 for an executable at a fixed address
	BuildID string // of the linker; "" if it has none
	Go      bool   // it was built by Go
	Err     error  // why nothing is known of its code
}

// Images lists the program's executable and, after it, its shared libraries.
func (s *Session) Images(ctx context.Context) ([]Image, error) {
	var list []Image
	err := s.do(ctx, func() error {
		for _, im := range s.target.BinInfo().Images {
			list = append(list, Image{Path: im.Path, Addr: im.StaticBase, BuildID: im.BuildID, Go: im.IsGo, Err: im.LoadError()})
		}
		return nil
	})
	return list, err
}

// Package returns the import path of the package that the function of a frame belongs
// to; "" if it belongs to none.
func (s *Session) Package(ctx context.Context, at Scope) (string, error) {
	pkg := ""
	err := s.do(ctx, func() error {
		scope, err := s.scope(at.Goroutine, at.Frame)
		if err == nil && scope.Fn != nil {
			pkg = scope.Fn.PackageName()
		}
		return err
	})
	return pkg, err
}
