package house

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

const (
	module   = "github.com/argusdbg/argus"
	maxLines = 500 // of a file that is not a test; what is read at one go is shorter still
)

// system is what reaches an operating system.
var system = []string{"os", "net", "syscall", "plugin", "golang.org/x/sys"}

// rule says what packages may import. Tests are free to look behind the
// scenes, unless the rule says that it holds for them too.
type rule struct {
	dirs   []string // the folders it holds for, with what is below them; "" is everything
	except []string // folders among these that it does not hold for
	only   []string // Argus's own packages that may be imported; nil is any
	never  []string // import paths that may not be, with what is below them
	tests  bool     // holds for tests too
	why    string
}

var rules = []rule{
	{dirs: []string{"hwbp"}, only: []string{}, never: system,
		why: "hwbp is arithmetic, the ground floor: it compiles on any system"},
	{dirs: []string{"sched"}, only: []string{"hwbp"}, never: system,
		why: "sched decides and touches nothing: time and threads come in as arguments"},
	{dirs: []string{"internal/insn", "internal/value"}, only: []string{"hwbp"}, never: system,
		why: "it works on what it is given and touches no system"},
	{dirs: []string{"internal/object"}, only: []string{"internal/value"}, never: system,
		why: "it works on memory and types that it is given and touches no system"},
	{dirs: []string{"internal/heap"}, only: []string{}, never: system,
		why: "it works on memory and types that it is given and touches no system"},
	{dirs: []string{"ptrace"}, only: []string{"hwbp"}, never: []string{"github.com/go-delve/delve"},
		why: "ptrace is what the kernel does: it knows neither Delve nor sessions"},
	{dirs: []string{"internal/bpfhit"}, only: []string{}, never: []string{"github.com/go-delve/delve"},
		why: "it is a part of programs, and knows none of them"},
	{dirs: []string{"internal/record"}, only: []string{"hwbp", "internal/insn", "internal/perf", "internal/bpfhit"}, never: []string{"github.com/go-delve/delve"},
		why: "it is what the kernel does, without ptrace: whoever holds the threads puts the two together"},
	{dirs: []string{"internal/perf", "internal/kstop"}, only: []string{"hwbp", "internal/bpfhit"}, never: []string{"github.com/go-delve/delve"},
		why: "it is what the kernel does, without ptrace: whoever drives slots puts the two together"},
	{dirs: []string{"internal/uffd"}, only: []string{"ptrace"}, never: []string{"github.com/go-delve/delve"},
		why: "it is what the kernel does"},
	{dirs: []string{"internal/wpscan", "internal/guard"}, only: []string{"ptrace", "internal/uffd", "internal/insn"}, never: []string{"github.com/go-delve/delve"},
		why: "it is what the kernel does, and knows of no watchpoint"},
	{dirs: []string{"internal/lanes"}, only: []string{"hwbp", "sched", "ptrace", "internal/perf", "internal/kstop", "internal/kfilter", "internal/wpscan"}, never: []string{"github.com/go-delve/delve"},
		why: "it drives threads for the scheduler: Delve is the floor above"},
	{dirs: []string{"internal/glue", "internal/goroutine", "internal/where"}, never: []string{module + "/backend", module + "/dap"},
		why: "imports point down: it is below backend"},
	{dirs: []string{"backend"}, never: []string{module + "/dap"},
		why: "imports point down: a session knows nothing of the protocol it is shown in"},
	{dirs: []string{"dap"}, never: []string{module + "/ptrace", module + "/internal/glue"},
		why: "the protocol server stands on backend alone"},
	{dirs: []string{"examples"}, never: []string{module + "/internal"}, tests: true,
		why: "an example does what any module can do"},
	{dirs: []string{""}, except: []string{"cmd"}, never: []string{module + "/cmd", module + "/examples"}, tests: true,
		why: "commands and examples are on top: nothing stands on them"},
	{dirs: []string{""}, never: []string{"github.com/go-delve/delve/service", "github.com/go-delve/delve/cmd", "github.com/go-delve/delve/pkg/terminal"}, tests: true,
		why: "of Delve only its library is used: its servers and its terminal are another house"},
}

// within reports whether path is folder or below it; everything is within "".
func within(path, folder string) bool {
	return folder == "" || path == folder || strings.HasPrefix(path, folder+"/")
}

func withinAny(path string, folders []string) bool {
	return slices.ContainsFunc(folders, func(f string) bool { return within(path, f) })
}

// imports holds the files against rules.
func imports(files []file) (faults []string) {
	for _, f := range files {
		for _, r := range rules {
			if f.test && !r.tests || !withinAny(f.dir, r.dirs) || withinAny(f.dir, r.except) {
				continue
			}
			for _, i := range f.imports {
				own, isOwn := strings.CutPrefix(i.path, module+"/")
				// A package's folders below it are its own rooms.
				stranger := isOwn && r.only != nil && !withinAny(own, r.only) && !withinAny(own, r.dirs)
				if stranger || withinAny(i.path, r.never) {
					faults = append(faults, fmt.Sprintf("%s:%d: imports %s: %s", f.path, i.line, i.path, r.why))
				}
			}
		}
	}
	return faults
}

// unsafes finds unsafe code where its file's name does not say so.
func unsafes(files []file) (faults []string) {
	for _, f := range files {
		for _, i := range f.imports {
			if i.path == "unsafe" && !strings.Contains(f.base(), "unsafe") {
				faults = append(faults, fmt.Sprintf("%s:%d: imports unsafe: whoever looks for unsafe code finds it by name, so move it to a file with unsafe in its name", f.path, i.line))
			}
		}
	}
	return faults
}

// comments finds packages that do not introduce themselves.
func comments(files []file) (faults []string) {
	type house struct{ main, introduced bool }
	packages := map[string]*house{}
	for _, f := range files {
		if f.test {
			continue
		}
		p := packages[f.dir]
		if p == nil {
			p = &house{}
			packages[f.dir] = p
		}
		main := f.pkg == "main"
		p.main = p.main || main
		switch {
		case f.base() == "doc.go" && !main:
			p.introduced = p.introduced || strings.HasPrefix(f.comment, "Package "+f.pkg+" ")
		case f.base() == "doc.go", f.base() == "main.go" && main:
			p.introduced = p.introduced || f.comment != ""
		}
	}
	for dir, p := range packages {
		switch {
		case p.introduced:
		case p.main:
			faults = append(faults, dir+": no package comment in main.go or doc.go that says what the program does")
		default:
			faults = append(faults, dir+`: no doc.go with a comment "Package NAME ..." that tells the mechanism, who may call it, and from which goroutine`)
		}
	}
	slices.Sort(faults)
	return faults
}

// sleeps finds tests that wait for time to pass.
func sleeps(files []file) (faults []string) {
	for _, f := range files {
		if !f.test {
			continue
		}
		for _, line := range f.sleeps {
			faults = append(faults, fmt.Sprintf("%s:%d: time.Sleep in a test: wait for the event itself, with a deadline", f.path, line))
		}
	}
	return faults
}

// lengths finds files that have more than one subject, as their length tells.
func lengths(files []file) (faults []string) {
	for _, f := range files {
		if !f.test && f.lines > maxLines {
			faults = append(faults, fmt.Sprintf("%s: %d lines, at most %d: a file has one subject", f.path, f.lines, maxLines))
		}
	}
	return faults
}

var place = regexp.MustCompile("(?m)^\\| [a-z ]*\\| `([a-z/]+)` \\|")

// places compares the packages with the table of CONTRIBUTING.md, in which a
// folder stands for what is below it too.
func places(files []file, text string) (faults []string) {
	taken := map[string]bool{}
	for _, m := range place.FindAllStringSubmatch(text, -1) {
		taken[m[1]] = false
	}
	homeless := map[string]bool{}
	for _, f := range files {
		housed := f.test
		for folder := range taken {
			if within(f.dir, folder) {
				taken[folder], housed = true, true
			}
		}
		if !housed {
			homeless[f.dir] = true
		}
	}
	for dir := range homeless {
		faults = append(faults, dir+": has no place in the table of CONTRIBUTING.md")
	}
	for folder, used := range taken {
		if !used {
			faults = append(faults, folder+": is in the table of CONTRIBUTING.md, and there is no such package")
		}
	}
	slices.Sort(faults)
	return faults
}
