package backend

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-delve/delve/pkg/proc"
)

const (
	// nearestLines is how far NextStatement looks.
	nearestLines = 200
	// maxFunctions is how many a regular expression may match: more is a mistake.
	maxFunctions = 1000
	// maxCandidates is how many places a message about an ambiguous location names.
	maxCandidates = 5
)

// locate finds the addresses of what Break was given, in their order.
func (s *Session) locate(loc string, nearest bool) ([]uint64, error) {
	addrs, err := s.addresses(loc, nearest)
	slices.Sort(addrs)
	return slices.Compact(addrs), err
}

func (s *Session) addresses(loc string, nearest bool) ([]uint64, error) {
	if addr, ok := strings.CutPrefix(loc, "*"); ok {
		return s.locateAddress(loc, addr)
	}
	if len(loc) > 2 && loc[0] == '/' && loc[len(loc)-1] == '/' {
		return s.locateMatching(loc)
	}
	i := strings.LastIndexByte(loc, ':')
	if i < 0 {
		return s.locateFunction(loc, loc, 0)
	}
	line, err := strconv.Atoi(loc[i+1:])
	if err != nil || line < 1 {
		return nil, &ExprError{Expr: loc, Reason: fmt.Sprintf("%q is not a line (line offset negative or not a number): write FILE:LINE, a function, /REGEXP/ or *ADDRESS", loc)}
	}
	file, err := s.sourceFile(loc[:i])
	if err == nil {
		return s.locateLine(loc, file, line, nearest)
	}
	if _, unknown := s.functionNamed(loc[:i]); unknown == nil {
		return s.locateFunction(loc, loc[:i], line)
	}
	return nil, err
}

func (s *Session) locateLine(loc, file string, line int, nearest bool) ([]uint64, error) {
	addrs, err := proc.FindFileLocation(s.target, file, line)
	var none *proc.ErrCouldNotFindLine
	if err != nil && !errors.As(err, &none) {
		return nil, &ExprError{Expr: loc, Err: err, Reason: fmt.Sprintf("%s: %v", loc, err)}
	}
	if len(addrs) > 0 {
		return addrs, nil
	}
	next, addrs := s.nextStatement(file, line)
	switch {
	case next == 0:
		return nil, &ExprError{Expr: loc, Err: ErrNoPlace, Reason: fmt.Sprintf("could not find statement at %s:%d, nor in the %d lines behind it: the compiler has left it out, or the file has changed since", filepath.Base(file), line, nearestLines)}
	case !nearest:
		return nil, &ExprError{Expr: loc, Err: ErrNoPlace, Reason: fmt.Sprintf("could not find statement at %s:%d; the next line with one is %d", filepath.Base(file), line, next)}
	}
	return addrs, nil
}

// nextStatement finds the first line after line that has code, 0 if there is none near.
func (s *Session) nextStatement(file string, line int) (int, []uint64) {
	var lines []int
	for l := line + 1; l <= line+nearestLines; l++ {
		lines = append(lines, l)
	}
	pcs := s.target.BinInfo().AllPCsForFileLines(file, lines)
	for _, l := range lines {
		if len(pcs[l]) == 0 {
			continue
		}
		if addrs, err := proc.FindFileLocation(s.target, file, l); err == nil && len(addrs) > 0 {
			return l, addrs
		}
	}
	return 0, nil
}

// locateAddress checks that an instruction begins at an address: a breakpoint in the
// middle of one would change what the program does.
func (s *Session) locateAddress(loc, text string) ([]uint64, error) {
	addr, err := strconv.ParseUint(strings.TrimSpace(text), 0, 64)
	if err != nil {
		return nil, &ExprError{Expr: loc, Err: err, Reason: fmt.Sprintf("%q is not an address: write *0x45f0a0", loc)}
	}
	bi := s.target.BinInfo()
	fn := bi.PCToFunc(addr)
	if fn == nil {
		if _, err := s.process.ReadProgram(make([]byte, bi.Arch.BreakpointSize()), addr); err != nil {
			return nil, &ExprError{Expr: loc, Err: err, Reason: fmt.Sprintf("there is no code at %#x: %v", addr, err)}
		}
		return []uint64{addr}, nil
	}
	end := min(fn.End, addr+uint64(bi.Arch.MaxInstructionLength()))
	code, err := s.decoded(fn.Entry, end)
	if err != nil {
		return nil, fmt.Errorf("breakpoint at %s: %w", loc, err)
	}
	before := fn.Entry
	for _, in := range code {
		if in.Loc.PC == addr {
			return []uint64{addr}, nil
		}
		if in.Loc.PC < addr {
			before = in.Loc.PC
		}
	}
	return nil, &ExprError{Expr: loc, Reason: fmt.Sprintf("no instruction begins at %#x: the one at %#x goes on there", addr, before)}
}

// locateMatching finds the functions that /REGEXP/ means.
func (s *Session) locateMatching(loc string) ([]uint64, error) {
	re, err := regexp.Compile(loc[1 : len(loc)-1])
	if err != nil {
		return nil, &ExprError{Expr: loc, Err: err, Reason: fmt.Sprintf("%s: %v", loc, err)}
	}
	names := map[string]bool{}
	fns := s.target.BinInfo().Functions
	for i := range fns {
		if re.MatchString(fns[i].Name) && !wrapper(&fns[i]) {
			names[fns[i].Name] = true
		}
	}
	if len(names) > maxFunctions {
		return nil, &ExprError{Expr: loc, Reason: fmt.Sprintf("%s matches %d functions: more than %d", loc, len(names), maxFunctions)}
	}
	var addrs []uint64
	for name := range names {
		at, err := proc.FindFunctionLocation(s.target, name, 0)
		if err == nil { // else one without code
			addrs = append(addrs, at...)
		}
	}
	if len(addrs) == 0 {
		return nil, &ExprError{Expr: loc, Err: ErrNoPlace, Reason: "no function matches " + loc}
	}
	return addrs, nil
}

// locateFunction finds a function by its name, or by the end of it, and a line of it.
func (s *Session) locateFunction(loc, name string, lines int) ([]uint64, error) {
	full, err := s.functionNamed(name)
	if err != nil {
		return nil, err
	}
	addrs, err := proc.FindFunctionLocation(s.target, full, lines)
	if err != nil {
		return nil, &ExprError{Expr: loc, Err: err, Reason: fmt.Sprintf("%s: %v", loc, err)}
	}
	return addrs, nil
}

// functionNamed finds the one function that is meant by a name, or by the end of one. Of
// several that of package main is. The receiver of a method may be left out.
func (s *Session) functionNamed(name string) (string, error) {
	name = strings.TrimPrefix(name, "/")
	if fns, err := s.target.BinInfo().FindFunction(name); err == nil && len(fns) > 0 {
		return name, nil
	}
	want := plainName(name)
	pkg, base, qualified := cutLast(want, '.')
	var all, found, methods []string
	fns := s.target.BinInfo().Functions
	for i := range fns {
		full := fns[i].NameWithoutTypeParams()
		all = append(all, full)
		if wrapper(&fns[i]) {
			continue
		}
		if isEnd(plainName(full), want, "./") {
			found = append(found, full)
		}
		if qualified && fns[i].BaseName() == base && isEnd(fns[i].PackageName(), pkg, "/") {
			methods = append(methods, full)
		}
	}
	if len(found) == 0 {
		found = methods
	}
	slices.Sort(found)
	found = slices.Compact(found)
	if own := slices.DeleteFunc(slices.Clone(found), func(f string) bool { return !strings.HasPrefix(f, "main.") }); len(own) == 1 {
		return own[0], nil
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", &ExprError{Expr: name, Err: ErrNoPlace, Reason: fmt.Sprintf("location %q not found: no function has that name", name), Similar: similar(name, all)}
	}
	shown := strings.Join(found[:min(len(found), maxCandidates)], ", ")
	if rest := len(found) - maxCandidates; rest > 0 {
		shown += fmt.Sprintf(" or %d others", rest)
	}
	return "", &ExprError{Expr: name, Reason: fmt.Sprintf("location %q ambiguous: it may be %s: give more of the name", name, shown)}
}

// isEnd reports whether a name ends in another, which begins it or stands behind one of seps.
func isEnd(name, end, seps string) bool {
	rest, ok := strings.CutSuffix(name, end)
	return ok && (rest == "" || strings.ContainsRune(seps, rune(rest[len(rest)-1])))
}

// cutLast is strings.Cut at the last place.
func cutLast(s string, sep byte) (before, after string, found bool) {
	if i := strings.LastIndexByte(s, sep); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

// plainName drops what tells the receiver (*T) from T.
func plainName(name string) string {
	if !strings.Contains(name, "(*") {
		return name
	}
	return strings.NewReplacer("(*", "", ")", "").Replace(name)
}

// wrapper reports whether the compiler made the function: nobody means it.
func wrapper(fn *proc.Function) bool {
	return fn.Trampoline || strings.Contains(fn.Name, "·dwrap·") || strings.HasPrefix(fn.Name, "type:") || strings.HasPrefix(fn.Name, "go:")
}

// sourceFile finds the one source file whose path ends in name.
func (s *Session) sourceFile(name string) (string, error) {
	var found []string
	suffix := "/" + strings.TrimPrefix(filepath.ToSlash(filepath.Clean(name)), "/")
	for _, f := range s.target.BinInfo().Sources {
		if f == name {
			return f, nil
		}
		if strings.HasSuffix(f, suffix) {
			found = append(found, f)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", &ExprError{Expr: name, Err: ErrNoPlace, Reason: fmt.Sprintf("location %q not found: no source file %s in the program", name, filepath.Base(name))}
	}
	slices.Sort(found)
	return "", &ExprError{Expr: name, Reason: fmt.Sprintf("location %q ambiguous: it may be %s: give more of the path", name, strings.Join(found, " or "))}
}
