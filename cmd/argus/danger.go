package main

import (
	"errors"

	"github.com/argusdbg/argus/internal/kstop"
	"github.com/argusdbg/argus/internal/perf"
)

// danger says why a process that is attached to may die with Argus; "" if it cannot, or
// if that is what was asked for.
func (s *sharing) danger(driver string) string {
	switch {
	case driver == "perf-safe", s.safe == "off":
		return ""
	case s.driver == "ptrace":
		return "the ptrace driver cannot prevent that; without --driver argus takes one that can, where that is permitted"
	}
	for _, err := range []error{perf.Probe().Stops(), kstop.Probe()} {
		if err != nil {
			return dangerText(err)
		}
	}
	return "stops that cannot kill it could not be had"
}

// dangerText is an error in a few words: the line is read at every attach.
func dangerText(err error) string {
	var denied *kstop.PermissionError
	var lacking *kstop.UnsupportedError
	switch {
	case errors.As(err, &denied):
		return "to prevent that argus needs root, or CAP_BPF and CAP_PERFMON (argus doctor says more)"
	case errors.As(err, &lacking):
		return "to prevent that cannot be had here: " + lacking.Reason
	}
	return oneLine(err.Error())
}
