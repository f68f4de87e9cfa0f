package backend

import (
	"hash/fnv"
	"testing"
)

// drivers are those that every test of watchpoints runs on.
var drivers = []string{"perf", "perf-safe", "ptrace"}

// testDriver is what the programs of a test are watched by, "" for what Argus takes by
// itself.
var testDriver string

// testSteps: what finds no slots is single-stepped; there are no page guards.
var testSteps bool

// testAnyVersion has the test's sessions take programs of Go versions that Delve is not
// known to work with.
var testAnyVersion bool

// eachDriver runs a test on each driver.
func eachDriver(t *testing.T, fn func(t *testing.T)) {
	for _, d := range someOf(t, drivers) {
		t.Run(d, func(t *testing.T) { onDriver(t, d, fn) })
	}
}

// someOf is all of a list, or with -short and the race detector one of it, the next test's
// another: that takes four times as long as without, where all of them are run.
func someOf[T any](t *testing.T, all []T) []T {
	if !raced || !testing.Short() {
		return all
	}
	h := fnv.New32()
	h.Write([]byte(t.Name()))
	i := int(h.Sum32() % uint32(len(all)))
	return all[i : i+1]
}

// onDriver runs a test on a driver. One that the machine does not permit is skipped, with
// the reason.
func onDriver(t *testing.T, d string, fn func(t *testing.T)) {
	testDriver = d
	defer func() { testDriver = "" }()
	o := testOptions()
	slots, err := o.slots(false)
	if err != nil {
		t.Skip(err)
	}
	if err := slots.Driver.Close(); err != nil {
		t.Fatal(err)
	}
	fn(t)
}

// testOptions are those of the session that a test makes.
func testOptions() Options {
	o := Options{Driver: testDriver, NoGuards: testSteps, AllowStepping: testSteps, AnyGoVersion: testAnyVersion}
	switch testDriver {
	case "perf-safe":
		o.Driver, o.Safe = "perf", SafeOn
	case "perf":
		o.Safe = SafeOff
	}
	return o
}
