package testkit

import (
	"errors"
	"fmt"
	"testing"
)

// failures is a test that notes how it failed.
type failures struct {
	testing.TB
	fatal string
}

func (f *failures) Helper()        {}
func (f *failures) Log(...any)     {}
func (f *failures) Fatal(a ...any) { f.fatal = fmt.Sprint(a...); panic(f) }

func TestThrice(t *testing.T) {
	for failing, want := range []string{"", "", "", "the 3rd"} {
		f, runs := &failures{TB: t}, 0
		func() {
			defer func() { _ = recover() }()
			Thrice(f, func() error {
				if runs++; runs > failing {
					return nil
				}
				return errors.New([]string{"the 1st", "the 2nd", "the 3rd"}[runs-1])
			})
		}()
		if f.fatal != want || runs != min(failing+1, 3) {
			t.Errorf("%d failures: %d runs, %q", failing, runs, f.fatal)
		}
	}
}
