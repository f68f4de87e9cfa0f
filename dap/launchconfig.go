package dap

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// launchConfig is what a launch request says. Relative paths in it are relative to
// DlvCwd, and that to the adapter's own directory.
type launchConfig struct {
	Mode         string             `json:"mode"`    // debug, test, exec or core
	Program      string             `json:"program"` // a package, a file of it, or with exec and core an executable
	Args         []string           `json:"args"`
	Cwd          string             `json:"cwd"` // where the program runs; "" is DlvCwd, or with test the package's directory
	Env          map[string]*string `json:"env"` // beyond the adapter's own; null removes
	BuildFlags   buildFlags         `json:"buildFlags"`
	Output       string             `json:"output"` // where the built executable is put until the session ends
	NoDebug      bool               `json:"noDebug"`
	DlvCwd       string             `json:"dlvCwd"` // where it is built
	CoreFilePath string             `json:"coreFilePath"`
	TraceDirPath string             `json:"traceDirPath"`
	OutputMode   string             `json:"outputMode"` // local or remote: the client is sent what the program writes
	StdinFrom    string             `json:"stdinFrom"`  // files
	StdoutTo     string             `json:"stdoutTo"`
	StderrTo     string             `json:"stderrTo"`
	Backend      string             `json:"backend"`
	settings
}

// readLaunch reads the arguments of a launch request. The error is for the user.
func readLaunch(raw json.RawMessage) (*launchConfig, error) {
	c := &launchConfig{settings: defaultSettings()}
	if err := decode(raw, c); err != nil {
		return nil, fmt.Errorf("invalid debug configuration - %w", err)
	}
	return c, c.check()
}

// again is the configuration of a program that is to be started once more: what raw does
// not say is as it was.
func (c *launchConfig) again(raw json.RawMessage) (*launchConfig, error) {
	next := *c
	// The decoder would write into what both have.
	next.Args, next.Env, next.BuildFlags, next.ShowPprofLabels, next.SubstitutePath = nil, nil, nil, nil, nil
	if err := decode(raw, &next); err != nil {
		return nil, fmt.Errorf("invalid debug configuration - %w", err)
	}
	keep(&next.Args, c.Args)
	keep(&next.BuildFlags, c.BuildFlags)
	keep(&next.ShowPprofLabels, c.ShowPprofLabels)
	keep(&next.SubstitutePath, c.SubstitutePath)
	if next.Env == nil {
		next.Env = c.Env
	}
	return &next, next.check()
}

func keep[S ~[]E, E any](now *S, before S) {
	if *now == nil {
		*now = before
	}
}

// check looks for what cannot be, and fills in what is not said.
func (c *launchConfig) check() error {
	c.settle()
	if c.Mode == "" {
		c.Mode = "debug"
	}
	if c.DlvCwd != "" {
		if st, err := os.Stat(c.DlvCwd); err != nil || !st.IsDir() {
			return fmt.Errorf("failed to chdir to %q - no such directory", c.DlvCwd)
		}
	}
	switch c.Mode {
	case "debug", "test", "exec", "core":
		if c.Program == "" {
			return userError("The program attribute is missing in debug configuration.")
		}
		if c.Mode == "core" && c.CoreFilePath == "" {
			return userError("The 'coreFilePath' attribute is missing in debug configuration.")
		}
	case "replay":
		return errors.New("mode \"replay\" is not supported: recordings of rr cannot be read; record a core file (mode \"core\"), or debug the program itself")
	default:
		return fmt.Errorf("invalid debug configuration - unsupported 'mode' attribute %q", c.Mode)
	}
	switch c.OutputMode {
	case "", "local":
	case "remote":
		if c.StdoutTo != "" || c.StderrTo != "" {
			return errors.New("outputMode \"remote\" can not be used together with stdoutTo or stderrTo")
		}
	default:
		return fmt.Errorf("invalid debug configuration - unsupported 'outputMode' attribute %q", c.OutputMode)
	}
	if c.Mode == "core" { // where it has no meaning
		return nil
	}
	return checkBackend(c.Backend)
}

// checkBackend accepts what users of Delve write when they want none in particular.
func checkBackend(name string) error {
	switch name {
	case "", "default", "native":
		return nil
	}
	return fmt.Errorf("unknown backend %q: there is one only, \"native\"", name)
}

// builds reports whether the program is to be built.
func (c *launchConfig) builds() bool { return c.Mode == "debug" || c.Mode == "test" }

// what the messages of failures call the program.
func (c *launchConfig) what() string {
	switch c.Mode {
	case "core":
		return " core file " + c.CoreFilePath
	case "test":
		return " tests of " + c.Program
	case "debug":
		return " " + c.Program
	}
	return ""
}

// base is the directory to which paths are relative.
func (c *launchConfig) base() (string, error) { return filepath.Abs(c.DlvCwd) }

// path is one of the configuration's, absolute; "" stays "".
func (c *launchConfig) path(name string) (string, error) {
	if name == "" || filepath.IsAbs(name) {
		return name, nil
	}
	base, err := c.base()
	return filepath.Join(base, name), err
}

// environ is the program's environment, and that in which it is built.
func (c *launchConfig) environ() []string {
	env := slices.DeleteFunc(os.Environ(), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		_, said := c.Env[name]
		return said
	})
	for _, name := range slices.Sorted(maps.Keys(c.Env)) {
		if value := c.Env[name]; value != nil {
			env = append(env, name+"="+*value)
		}
	}
	return env
}
