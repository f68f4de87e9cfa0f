package main

import (
	"debug/dwarf"
	"debug/elf"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/argusdbg/argus/hwbp"
)

// setting is what a measurement works with.
type setting struct {
	Programs string        // the folder with the programs
	Scratch  string        // a folder of its own
	For      time.Duration // how long a measurement may go on that has no end of its own
}

func (w *setting) program(name string) string { return filepath.Join(w.Programs, name) }

// tally is where the program hot puts its result.
func (w *setting) tally() string { return filepath.Join(w.Scratch, "tally") }

// hot is the command line of the program hot.
func (w *setting) hot(h hits) []string {
	return []string{w.program("hot"), w.tally(), h.what, strconv.Itoa(h.threads), strconv.Itoa(1 << 30), w.For.String()}
}

// countless is the count of a tool that does not count.
const countless = ^uint64(0)

// result is what the program hot says of its run, in which so many hits were told of, of
// those that expected says of the writes; all of them if it is nil.
func (w *setting) result(told uint64, expected func(writes uint64) uint64) (sample, error) {
	text, err := os.ReadFile(w.tally())
	if err != nil {
		return sample{}, fmt.Errorf("the program has left no result: %w", err)
	}
	s, writes, err := parseTally(string(text))
	if err != nil {
		return sample{}, err
	}
	if told != countless {
		s.Seen, s.Of = told, writes
		if expected != nil {
			s.Of = expected(writes)
		}
	}
	return s, nil
}

// parseTally reads the line of the program hot.
func parseTally(text string) (s sample, writes uint64, err error) {
	var wall, cpu, made float64
	_, err = fmt.Sscanf(text, "%g %g %g %d\n", &wall, &cpu, &made, &writes)
	if err == nil && made < 1 {
		err = errors.New("no write in it")
	}
	if err != nil {
		return sample{}, 0, fmt.Errorf("the program's result is %q: %w", text, err)
	}
	return sample{Value: wall / made, CPU: cpu / made}, writes, nil
}

// point is what h is about, as a debug register holds it.
func (w *setting) point(h hits) (hwbp.Point, error) {
	if h.line {
		pc, err := w.pc()
		return hwbp.Point{Addr: pc, Len: hwbp.AMD64.ExecLen, Access: hwbp.Execute}, err
	}
	addr, err := symbol(w.program("hot"), "main.x")
	return hwbp.Point{Addr: addr, Len: 8, Access: hwbp.Write}, err
}

// symbol is the address of a function or variable.
func symbol(path, name string) (uint64, error) {
	f, err := elf.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	list, err := f.Symbols()
	if err != nil {
		return 0, fmt.Errorf("%s: %w", path, err)
	}
	for _, s := range list {
		if s.Name == name {
			return s.Value, nil
		}
	}
	return 0, fmt.Errorf("%s has no symbol %s", path, name)
}

// words are addresses of a program's variables that are not the runtime's.
func words(path string) (list []uint64, err error) {
	f, err := elf.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	all, err := f.Symbols()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, s := range all {
		if elf.ST_TYPE(s.Info) == elf.STT_OBJECT && s.Size >= 8 && s.Value%8 == 0 && !strings.Contains(s.Name, "runtime") && writable(f, s.Section) {
			list = append(list, s.Value)
		}
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}

// apart are n of some addresses in order: each on a page of its own while there are so many
// pages, and evenly spread.
func apart(list []uint64, n int) (some []uint64) {
	if pages := slices.CompactFunc(slices.Clone(list), func(a, b uint64) bool { return a>>12 == b>>12 }); n <= len(pages) {
		list = pages
	}
	n = min(n, len(list))
	for i := range n {
		some = append(some, list[i*len(list)/n])
	}
	return some
}

func writable(f *elf.File, i elf.SectionIndex) bool {
	return int(i) < len(f.Sections) && f.Sections[i].Flags&elf.SHF_WRITE != 0
}

//go:embed hot/main.go
var hotSource string

// pc is where the line of the program hot begins that writes: everybody sets breakpoints
// at the same instruction.
func (w *setting) pc() (uint64, error) {
	f, err := elf.Open(w.program("hot"))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	d, err := f.DWARF()
	if err != nil {
		return 0, err
	}
	want := lineOf(hotSource, "// hot")
	r := d.Reader()
	for {
		unit, err := r.Next()
		if err != nil {
			return 0, err
		}
		if unit == nil {
			return 0, fmt.Errorf("line %d of the program hot is not in its debug information", want)
		}
		r.SkipChildren()
		if unit.Val(dwarf.AttrName) != "main" {
			continue
		}
		lines, err := d.LineReader(unit)
		if err != nil {
			return 0, err
		}
		var e dwarf.LineEntry
		for {
			if err := lines.Next(&e); err == io.EOF {
				break
			} else if err != nil {
				return 0, err
			}
			if e.IsStmt && e.Line == want && filepath.Base(e.File.Name) == "main.go" {
				return e.Address, nil
			}
		}
	}
}

// lineOf is the number of the line of a text that contains mark; 0 if none does.
func lineOf(text, mark string) int {
	before, _, ok := strings.Cut(text, mark)
	if !ok {
		return 0
	}
	return 1 + strings.Count(before, "\n")
}
