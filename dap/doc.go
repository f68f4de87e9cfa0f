// Package dap serves the Debug Adapter Protocol: it shows a [backend.Session] to an
// editor.
//
// # Mechanism
//
// [Serve] speaks with one client, on one connection, about one program. Three kinds of
// goroutines work for it:
//
//   - The reader (session.read) takes requests off the wire, in order, and hands them to
//     the loop. It deals itself with what must not wait behind them: it ends the context
//     of a request that is cancelled, and of everything under way when the client
//     disconnects or is gone.
//   - The loop (session.loop) handles one request at a time, by the table in table.go.
//     The session's state belongs to it alone, so that nothing of it is locked.
//   - Runners let the program run, build it, or call its functions, one goroutine for
//     each time. What comes of it they post to the loop (session.post), which tells the
//     client. A response is on the wire before the events that follow from it are.
//
// Each family of requests has a file of its own: what a file registers with its name is
// in table.go, what there is no handler for in unimplemented.go.
//
// # Log points
//
// Lines of log points are made where a thread has been stopped, on the backend's thread, or of
// the records of a trace (logtrace.go), for which nobody stops. A goroutine looks for records as
// long as there are traces, and all lines pass through one queue (loglines.go): so they keep
// their order, and a flood leaves room for responses.
//
// # Wire
//
// Frames and types are go-dap's. Its codec is not used to tell requests apart: it
// refuses to have a known command registered again, and so could not be given the
// arguments that it lacks (extend.go). The envelope is read here, and the arguments are
// decoded into what the handler takes.
//
// # Who may call
//
// Serve may be called from any goroutine, for many connections at once. Functions given
// to the backend (reports of watchpoints, log points) run on its threads: they use the
// queue of log lines, or the wire, which are safe for that, and nothing else of the session.
//
// # Locks
//
// wire.mu guards writing, logLines.mu, which is taken before it, the lines of log points,
// session.mu the contexts of requests that are under way, followed.mu the programs of which
// the client is still to be told. None is held while anything is waited for but the client to
// read.
package dap
