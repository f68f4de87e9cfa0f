package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/go-delve/delve/pkg/goversion"
)

// goOutcome is what the go command in PATH says.
type goOutcome struct {
	version string // as "go1.26.8"
	err     error
}

func attemptGo(ctx context.Context) goOutcome {
	path, err := exec.LookPath("go")
	if err != nil {
		return goOutcome{err: err}
	}
	cmd := exec.CommandContext(ctx, path, "version")
	// The command's own version: no module decides it, nothing is downloaded.
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), "GOTOOLCHAIN=local", "GOWORK=off")
	cmd.WaitDelay = time.Second // a wrapper's children may hold its output
	out, err := cmd.Output()
	if err != nil {
		return goOutcome{err: errors.Join(context.Cause(ctx), fmt.Errorf("%s version: %w", path, err))}
	}
	// go version go1.26.8 linux/amd64
	return goOutcome{version: strings.TrimPrefix(strings.TrimSpace(string(out)), "go version ")}
}

func judgeGo(o goOutcome) Check {
	lowest := fmt.Sprintf("%d.%d", goversion.MinSupportedVersionOfGoMajor, goversion.MinSupportedVersionOfGoMinor)
	highest := fmt.Sprintf("%d.%d", goversion.MaxSupportedVersionOfGoMajor, goversion.MaxSupportedVersionOfGoMinor)
	reads := "programs built by Go " + lowest + " to " + highest + " can be read"
	c := Check{Name: checkGo, Status: StatusLimited}
	v, ok := goversion.Parse(o.version)
	name, _, _ := strings.Cut(o.version, " ")
	switch {
	case errors.Is(o.err, exec.ErrNotFound):
		c.Found = reads + "; there is no go command in PATH"
		c.Costs = "packages: argus watch takes binaries only"
		c.Mend = "install Go, or put its bin directory into PATH"
	case errors.Is(o.err, context.Canceled), errors.Is(o.err, context.DeadlineExceeded):
		c.Status, c.Found = StatusUnknown, reads+"; the go command did not answer in time"
		c.Costs = "certainty: what it builds may not be read"
		c.Mend = "see to it that go version works, and ask again"
	case o.err != nil:
		c.Found = reads + "; the go command fails: " + o.err.Error()
		c.Costs = "packages: argus watch takes binaries only"
		c.Mend = "see to it that go version works"
	case !ok:
		c.Status, c.Found = StatusUnknown, fmt.Sprintf("%s; the go command's version %q says nothing", reads, o.version)
		c.Costs = "certainty: what it builds may not be read"
		c.Mend = "use a released Go version, " + lowest + " to " + highest
	case v.IsOldDevel():
		c.Status, c.Found = StatusOK, reads+"; the go command is a development version"
	case !v.AfterOrEqual(goversion.GoVersion{Major: goversion.MinSupportedVersionOfGoMajor, Minor: goversion.MinSupportedVersionOfGoMinor, Rev: firstRev}):
		c.Found = reads + "; the go command is older: " + name
		c.Costs = "what it builds is refused"
		c.Mend = "use Go " + lowest + " or later"
	case v.AfterOrEqual(goversion.GoVersion{Major: goversion.MaxSupportedVersionOfGoMajor, Minor: goversion.MaxSupportedVersionOfGoMinor + 1, Rev: firstRev}):
		c.Found = reads + "; the go command is later: " + name
		c.Costs = "what it builds is refused"
		c.Mend = "use a later Argus, or Go " + highest + " (GOTOOLCHAIN=go" + highest + ".0)"
	default:
		c.Status, c.Found = StatusOK, reads+"; the go command is "+name
	}
	return c
}

// firstRev is what Delve counts the first beta of a release as
// (goversion.Compatible, which needs a linker's text and cannot be asked).
const firstRev = -2000
