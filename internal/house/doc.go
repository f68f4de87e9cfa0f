// Package house keeps the rules of how Argus's sources are laid out, as far as a
// program can: CONTRIBUTING.md tells them to people. There is nothing to call.
//
// The tests of this package parse every Go file of the module, whatever system
// or architecture it is for, and hold it against the rules in rules_test.go.
// Folders that the go command skips (testdata, names that begin with a dot or an
// underscore) are skipped. What breaks a rule is reported as FILE:LINE with the
// reason for the rule.
package house
