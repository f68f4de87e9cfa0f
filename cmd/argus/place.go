package main

import (
	"os"
	"path/filepath"
	"strings"
)

// shortFunc is a function's name without the directories of its package:
// "pkg.(*T).Method" of "example.com/dir/pkg.(*T).Method".
func shortFunc(name string) string {
	end := strings.IndexByte(name, '[') // type arguments have paths of their own
	if end < 0 {
		end = len(name)
	}
	return name[strings.LastIndexByte(name[:end], '/')+1:]
}

// shortFile shortens file names.
type shortFile struct {
	cwd   string
	known map[string]string
}

func newShortFile() *shortFile {
	cwd, _ := os.Getwd() // "": every name stays as it is
	return &shortFile{cwd: cwd, known: map[string]string{}}
}

// of is the name relative to the working directory, if that is shorter.
func (s *shortFile) of(file string) string {
	if short, ok := s.known[file]; ok {
		return short
	}
	short := file
	if rel, err := filepath.Rel(s.cwd, file); err == nil && filepath.IsAbs(s.cwd) && len(rel) < len(file) {
		short = rel
	}
	s.known[file] = short
	return short
}
