package testkit

import "testing"

// Thrice runs a test of something that the machine itself fails at times, such as the debug
// exceptions that the processor does not report (FACTS A12a): three times in a row that is not
// the reason.
func Thrice(t testing.TB, fn func() error) {
	t.Helper()
	for left := 2; ; left-- {
		err := fn()
		switch {
		case err == nil:
			return
		case left == 0:
			t.Fatal(err)
		}
		t.Log("once more: ", err)
	}
}
