package kstop

import (
	"errors"
	"sync"
)

var probed struct {
	sync.Mutex
	done bool
	err  error
}

// Probe tells whether a program can be loaded here, by loading one: nil, or the error
// of [Load]. The answer is kept if it is one about the machine.
func Probe() error {
	probed.Lock()
	defer probed.Unlock()
	if probed.done {
		return probed.err
	}
	p, err := Load()
	if err == nil {
		err = p.Close()
	}
	var denied *PermissionError
	var lacking *UnsupportedError
	probed.done = err == nil || errors.As(err, &denied) || errors.As(err, &lacking)
	probed.err = err
	return err
}
