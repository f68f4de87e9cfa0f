package main

import (
	"context"
	"errors"

	"github.com/argusdbg/argus/internal/perf"
)

// kernel has the kernel count the hits, of a program that nobody traces.
func (h hits) kernel(_ context.Context, with *setting) (sample, error) {
	p, err := with.point(h)
	if err != nil {
		return sample{}, err
	}
	pid, err := startTraced(with.hot(h))
	if err != nil {
		return sample{}, err
	}
	e, err := perf.Open(pid, p, perf.Options{Inherit: true})
	if pe := (*perf.PermissionError)(nil); errors.As(err, &pe) {
		return sample{}, cannot("%v", err)
	}
	if err != nil {
		return sample{}, err
	}
	defer e.Close()
	if err := runAlone(pid); err != nil {
		return sample{}, err
	}
	n, err := e.Count()
	if err != nil {
		return sample{}, err
	}
	return with.result(n, nil)
}
