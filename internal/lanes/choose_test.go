package lanes

import (
	"errors"
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/kstop"
	"github.com/argusdbg/argus/internal/perf"
	"github.com/argusdbg/argus/internal/testkit"
)

func TestChoose(t *testing.T) {
	perfHere := perf.Probe().Sigtrap == nil && perf.Probe().Modify == nil
	p, err := kstop.Load()
	if err == nil {
		err = p.Close()
	}
	safeHere := perfHere && err == nil
	either := func(ok bool, yes, no string) string {
		if ok {
			return yes
		}
		return no
	}
	before := testkit.Used(t).Descriptors
	for _, c := range []struct {
		want       string
		safe, need bool
		driver     string // "": refused
	}{
		{"", false, false, either(perfHere, DriverPerf, DriverPtrace)},
		{"auto", true, false, either(safeHere, DriverSafe, either(perfHere, DriverPerf, DriverPtrace))},
		{"auto", true, true, either(safeHere, DriverSafe, "")},
		{"perf", false, false, either(perfHere, DriverPerf, "")},
		{"perf", true, true, either(safeHere, DriverSafe, "")},
		{"ptrace", true, false, DriverPtrace},
		{"ptrace", true, true, ""},
		{"uprobes", false, false, ""},
	} {
		d, err := Choose(c.want, c.safe, c.need)
		if c.driver == "" {
			var de *DriverError
			if !errors.As(err, &de) || de.Unwrap() == nil || !strings.HasPrefix(err.Error(), "driver ") {
				t.Errorf("%+v: %v, %v", c, d.Name(), err)
			}
			continue
		}
		if err != nil || d.Name() != c.driver || d.Safe() != (c.driver == DriverSafe) {
			t.Errorf("%+v: %s, safe %v, %v", c, d.Name(), d.Safe(), err)
		}
		if b := New(nil, nil, Options{Driver: d}); b.Driver() != c.driver {
			t.Errorf("%+v: a board of %s", c, b.Driver())
		}
		if err := d.Close(); err != nil {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if n := testkit.Used(t).Descriptors; n > before {
		t.Errorf("%d descriptors are left open", n-before)
	}
	if (Driver{}).Name() != DriverPtrace || (Driver{}).Safe() || (Driver{}).Close() != nil {
		t.Error("the zero Driver is not ptrace's")
	}
}
