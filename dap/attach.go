package dap

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/argusdbg/argus/backend"
	"github.com/google/go-dap"
)

// attachConfig is what an attach request says.
type attachConfig struct {
	Mode      string      `json:"mode"` // local, or remote: to what the server debugs already
	ProcessID int         `json:"processId"`
	WaitFor   string      `json:"waitFor"` // what the command line begins with
	Guess     *SourceDirs `json:"guessSubstitutePath"`
	Backend   string      `json:"backend"`
	Cwd       string      `json:"cwd"` // of no meaning here
	settings
}

func readAttach(r *request) (*attachConfig, error) {
	c := &attachConfig{settings: defaultSettings()}
	if err := decode(r.args, c); err != nil {
		return nil, fmt.Errorf("invalid debug configuration - %w", err)
	}
	c.settle()
	switch c.Mode {
	case "remote":
		return c, nil
	case "", "local":
	default:
		return nil, fmt.Errorf("invalid debug configuration - unsupported 'mode' attribute %q", c.Mode)
	}
	switch {
	case c.ProcessID != 0 && c.WaitFor != "":
		return nil, errors.New("'processId' and 'waitFor' are mutually exclusive, and can't be specified at the same time")
	case c.ProcessID == 0 && c.WaitFor == "":
		return nil, userError("The 'processId' or 'waitFor' attribute is missing in debug configuration")
	case c.ProcessID < 0:
		return nil, fmt.Errorf("invalid process ID: %d", c.ProcessID)
	}
	return c, checkBackend(c.Backend)
}

func onAttach(s *session, r *request) (any, error) {
	if s.busy() {
		return nil, fail(idAttach, "Failed to attach", errInProgress)
	}
	c, err := readAttach(r)
	if err == nil && c.Mode == "remote" && s.cfg.Session == nil {
		err = errors.New("no debugger found: this server debugs nothing yet; use mode \"local\" with a processId")
	}
	if err != nil {
		return nil, fail(idAttach, "Failed to attach", err)
	}
	s.startUp(r, func(ctx context.Context) (*target, error) { return s.attach(ctx, c) }, s.attached)
	return nil, errLater
}

// attach gets hold of a process.
func (s *session) attach(ctx context.Context, c *attachConfig) (*target, error) {
	t := &target{settings: c.settings, Session: s.cfg.Session}
	if c.Mode != "remote" {
		pid := c.ProcessID
		var err error
		if c.WaitFor != "" {
			if pid, err = backend.WaitFor(ctx, c.WaitFor, backend.WaitForOptions{}); err != nil {
				return nil, err
			}
		}
		o := s.cfg.Options
		o.CatchPanics = true // until the client says which
		if t.Session, err = backend.Attach(ctx, pid, o); err != nil {
			return nil, err
		}
	}
	s.follow(ctx, t)
	if c.Guess != nil && len(c.SubstitutePath) == 0 {
		dirs, err := t.Session.PackageDirs(ctx)
		if err != nil {
			_ = t.release(false)
			return nil, err
		}
		t.SubstitutePath = c.Guess.rules(dirs)
	}
	return t, nil
}

// attached tells the client how an attach has ended.
func (s *session) attached(r *request, t *target, err error) {
	if err != nil {
		if r.ctx.Err() != nil {
			err = errCancelled
		} else {
			err = fail(idAttach, "Failed to attach", err)
		}
		s.answer(r, nil, err)
		return
	}
	s.target, s.state = t, stateStopped
	s.wire.event("capabilities", dap.CapabilitiesEventBody{Capabilities: dap.Capabilities{SupportTerminateDebuggee: true}})
	s.wire.event("initialized", nil)
	s.answer(r, nil, nil)
	s.warn(t)
}

// SourceDirs is where an editor's machine has its sources: "argus substitute-path-guess-helper"
// prints it there, and the editor passes it on, as it is, in the attach request for a program
// that was built elsewhere (guessSubstitutePath).
type SourceDirs struct {
	ImportPathOfMainPackage string // "" if there is none, or more than one
	ClientGOROOT            string
	ClientModuleDirectories map[string]string
}

// rules are made of the directories in which the program's packages were compiled: where
// most packages of a module have a directory in common, that is the module's.
func (g *SourceDirs) rules(dirs map[string]string) pathRules {
	votes := map[string]map[string]int{} // by module, by directory
	goroot := ""
	for pkg, dir := range dirs {
		switch pkg {
		case "runtime":
			goroot = path.Dir(path.Dir(dir)) // from GOROOT/src/runtime
			continue
		case "main":
			if pkg = g.ImportPathOfMainPackage; pkg == "" {
				continue
			}
		}
		module := g.module(pkg)
		if root, ok := strings.CutSuffix(dir, strings.TrimPrefix(pkg, module)); ok && module != "" {
			if votes[module] == nil {
				votes[module] = map[string]int{}
			}
			votes[module][root]++
		}
	}
	var rules pathRules
	for module, roots := range votes {
		best := ""
		for root, n := range roots {
			if n > roots[best] || n == roots[best] && root < best {
				best = root
			}
		}
		rules = append(rules, substitutePath{From: g.ClientModuleDirectories[module], To: best})
	}
	if goroot != "" && g.ClientGOROOT != "" {
		rules = append(rules, substitutePath{From: g.ClientGOROOT, To: goroot})
	}
	// The first rule that fits is applied: what lies in another's directory comes before it.
	within := map[substitutePath]int{}
	for _, a := range rules {
		for _, b := range rules {
			if a != b && (strings.HasPrefix(a.From, b.From+"/") || strings.HasPrefix(a.To, b.To+"/")) {
				within[a]++
			}
		}
	}
	slices.SortFunc(rules, func(a, b substitutePath) int {
		if n := within[b] - within[a]; n != 0 {
			return n
		}
		return strings.Compare(a.To, b.To)
	})
	return rules
}

// module is the one of the client's that a package is in, "" if it is in none.
func (g *SourceDirs) module(pkg string) string {
	found := ""
	for module := range g.ClientModuleDirectories {
		if (pkg == module || strings.HasPrefix(pkg, module+"/")) && len(module) > len(found) {
			found = module
		}
	}
	return found
}
