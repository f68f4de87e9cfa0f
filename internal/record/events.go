package record

import (
	"errors"

	"github.com/argusdbg/argus/internal/perf"
)

// events are all events of a recorder.
type events []*perf.Event

// enable switches them on. The threads are stopped: it does not matter which is first.
func (es events) enable() error {
	for _, e := range es {
		if err := e.Enable(); err != nil {
			return err
		}
	}
	return nil
}

// stop switches them off, and returns how often they were hit in all.
func (es *events) stop() (total uint64, err error) {
	var errs []error
	for _, e := range *es { // all of them before any is counted: what comes of a hit is in the ring then
		errs = append(errs, e.Disable())
	}
	for _, e := range *es {
		n, err := e.Count()
		total += n
		errs = append(errs, err)
	}
	return total, errors.Join(append(errs, es.close())...)
}

func (es *events) close() error {
	var errs []error
	for _, e := range *es {
		errs = append(errs, e.Close())
	}
	*es = nil
	return errors.Join(errs...)
}
