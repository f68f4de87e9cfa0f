package lanes

import (
	"fmt"

	"github.com/argusdbg/argus/internal/kstop"
	"github.com/argusdbg/argus/internal/perf"
)

// Driver is how slots are armed. The zero Driver is ptrace's.
type Driver struct {
	d    driver
	stop *kstop.Program
}

// DriverError says that a driver cannot be had here.
type DriverError struct {
	Driver string
	Err    error
}

func (e *DriverError) Error() string {
	return fmt.Sprintf("driver %s cannot be had here: %v", e.Driver, e.Err)
}

// Unwrap returns the reason.
func (e *DriverError) Unwrap() error { return e.Err }

// Choose finds a driver: want is "perf" or "ptrace", "" or "auto" for perf where it is
// permitted. safe asks for stops that cannot kill the program if the debugger dies, and
// need says whether it is an error if they cannot be had. The errors are [*DriverError].
// A Driver is to be closed.
func Choose(want string, safe, need bool) (Driver, error) {
	switch want {
	case "", "auto", DriverPerf, DriverPtrace:
	default:
		return Driver{}, &DriverError{want, fmt.Errorf("there are auto, perf and ptrace")}
	}
	if want == DriverPtrace {
		if need {
			return Driver{}, &DriverError{DriverPtrace, fmt.Errorf("a program whose debug registers ptrace has armed dies with the debugger; safe stops need the perf driver")}
		}
		return Driver{d: byPtrace{}}, nil
	}
	f := perf.Probe()
	err := f.Stops()
	switch {
	case err != nil && (want == DriverPerf || need):
		return Driver{}, &DriverError{DriverPerf, err}
	case err != nil:
		return Driver{d: byPtrace{}}, nil
	}
	if safe {
		stop, err := kstop.Load()
		if err == nil {
			return Driver{byPerf{stop: stop}, stop}, nil
		}
		if need {
			return Driver{}, &DriverError{DriverSafe, err}
		}
	}
	return Driver{d: byPerf{kernel: f.Kernel == nil}}, nil
}

// Name is what the driver is called.
func (d Driver) Name() string {
	if d.d == nil {
		return DriverPtrace
	}
	return d.d.name()
}

// Safe reports whether the death of the debugger leaves the program unharmed.
func (d Driver) Safe() bool { return d.stop != nil }

// Close gives up what the driver holds. Nothing is armed by it any more.
func (d Driver) Close() error {
	if d.stop == nil {
		return nil
	}
	return d.stop.Close()
}
