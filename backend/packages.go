package backend

import (
	"context"
	"path"
)

// askedFunctions is how many functions of a package are asked, at most, where it is.
const askedFunctions = 32

// PackageDirs returns the directory in which each package of the program was compiled, by
// import path; the program's own is "main". What was built with -trimpath has import paths
// for directories. Packages without functions are not there.
func (s *Session) PackageDirs(ctx context.Context) (dirs map[string]string, err error) {
	err = s.do(ctx, func() error {
		votes := map[string]map[string]int{} // by package and directory
		asked := map[string]int{}
		bi := s.target.BinInfo()
		for i := range bi.Functions {
			// The files of a compilation unit are those that it has inlined, too, so it is its
			// functions that tell: those that belong to it, which instances of generic ones need
			// not, and most of them, since what was inlined can be where a function begins.
			fn := &bi.Functions[i]
			pkg := fn.PackageName()
			if pkg == "" || asked[pkg] == askedFunctions || fn.CompilationUnitName() != pkg {
				continue
			}
			file, _ := bi.EntryLineForFunc(fn)
			if path.Ext(file) != ".go" || path.Base(file) == "_cgo_gotypes.go" {
				continue
			}
			asked[pkg]++
			if votes[pkg] == nil {
				votes[pkg] = map[string]int{}
			}
			votes[pkg][path.Dir(file)]++
		}
		dirs = map[string]string{}
		for pkg, in := range votes {
			for dir, n := range in {
				if most := dirs[pkg]; n > in[most] || n == in[most] && dir < most {
					dirs[pkg] = dir
				}
			}
		}
		return nil
	})
	return dirs, err
}
