// Package sim runs package sched in virtual time: lanes, tasks and variables by
// the thousand, and programs that write them, in a second and the same each time.
// It is for choosing a policy before it meets a real program, and for testing one.
//
// # Mechanism
//
// A [Config] says how many lanes (OS threads) there are, which goroutines move
// between them, and which variables are watched and written how. [Run] keeps a queue
// of what happens next: a turn on a lane, a goroutine taking a lane, a write. A write
// on a lane where the variable's event is on is a hit; elsewhere it is missed, and
// the simulation, which knows all writes, proves blind intervals clean or does not.
// So [Result] can set what the scheduler claims beside what was true. All lanes run
// all the time, so that their clocks are the simulation's.
//
// Chance comes from a seed: the same Config gives the same Result on any machine.
//
// # Who may call it
//
// Anyone. [Run] keeps what it needs to itself, so that runs may go on side by side.
// A [sched.Policy] with state of its own must not be shared between them.
package sim
