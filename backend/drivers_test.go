package backend

import "testing"

// drivers are those that every test of watchpoints runs on.
var drivers = []string{"perf", "perf-safe", "ptrace"}

// testDriver is what the programs of a test are watched by, "" for what Argus takes by
// itself.
var testDriver string

// eachDriver runs a test on each driver. One that the machine does not permit is
// skipped, with the reason.
func eachDriver(t *testing.T, fn func(t *testing.T)) {
	for _, d := range drivers {
		t.Run(d, func(t *testing.T) {
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
		})
	}
}

// testOptions are those of the session that a test makes.
func testOptions() Options {
	switch testDriver {
	case "perf-safe":
		return Options{Driver: "perf", Safe: SafeOn}
	case "perf":
		return Options{Driver: "perf", Safe: SafeOff}
	}
	return Options{Driver: testDriver}
}
