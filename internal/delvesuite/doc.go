// Command delvesuite runs Delve's own test suites on Argus's backend and on
// Delve's native backend, and prints the results side by side.
//
//	go run ./internal/delvesuite [-run REGEX] [-pkg pkg/proc,service/test] [-backend argus|native|both]
//	go run ./internal/delvesuite -backend server
//
// Delve's tests are the oracle for Argus's backend: a test that passes on
// Delve's own backend and fails on Argus's is a fault of Argus, and makes the
// exit status 1. Status 2 means that the suites could not be run, 130 that the
// run was interrupted.
//
// # Mechanism
//
// The Delve module that Argus's go.mod names is copied into a temporary folder
// and given back the run bits that module zips drop (FACTS F2). The copy is
// never changed after that: what makes a suite run on Argus is an overlay
// (go help build, -overlay) with
//
//   - Delve's files that import pkg/proc/native, with that import replaced by
//     github.com/argusdbg/argus/delveadapter;
//   - that adapter package (adapter.go.txt), which has the functions of
//     pkg/proc/native that Delve uses. It exists in the overlay only. Being
//     inside Argus's tree, it may import Argus's internal packages;
//   - a go.mod that requires Argus, replaced by this checkout, and its go.sum.
//
// With -backend server it is service/dap that is run, on Delve's DAP server and
// on Argus's. The overlay then has that package's server_test.go with the
// function that starts a server replaced (server.go) by one that starts Argus's
// (server.go.txt). Some of those tests look into Delve's server, or hand it a
// debugger of Delve's, and are not run; others want what Argus means to do
// otherwise. excuses.go says which, at which lines they may fail, and why.
//
// The copy is the main module of these builds, so Argus's own imports of Delve
// resolve to it, and both sides have the same types.
//
// Each suite is compiled once and run as a process of its own, whose output is
// turned into events by go tool test2json. When it ends early (a panic, or no
// test started or ended for the time given by -timeout) the tests that were
// running count as failed, and the suite is started again for those not yet
// run.
//
// # Processes
//
// The command makes itself the reaper of orphans (PR_SET_CHILD_SUBREAPER).
// After each run of a suite every process it left behind has become a child of
// the command and is killed by its id. The temporary folder is removed at the
// end, on SIGINT and SIGTERM too.
//
// All functions run on the goroutine of main, but for the ones that wait for
// the test process and read its events; those only send on channels.
package main
