// Argus watches the variables of Go programs with hardware watchpoints and says who
// writes them.
//
// Its commands stand in a file each (watch.go, attach.go, doctor.go, version.go) and
// share a job (job.go): a debugging session of package backend, its watchpoints and
// what is printed of them. Lines of hits are made in the session's own thread, in the
// functions that backend calls at each hit (hitline.go, jsonout.go), and go out before
// the thread that was hit runs on, so that they stand in order with what the program
// prints itself; output.go sees to it that a reader who does not read cannot hold the
// program for longer than the user wants. Signals are in signals.go, exit statuses in
// exitcode.go, and the JSON that is printed is described in docs/json.md.
package main

import "os"

func main() { os.Exit(run(os.Args)) }
