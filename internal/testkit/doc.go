// Package testkit is what tests on real processes share: targets built once for
// each test binary, deadlines, and the check that nothing is left behind.
//
// The targets are programs under targets/. Scenarios is the one for most tests:
// its scenarios write what is watched a known number of times.
package testkit
