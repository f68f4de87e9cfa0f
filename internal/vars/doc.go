// Package vars says how a value that Delve has loaded is shown: in one line of text, and
// as a tree whose nodes have names, types and expressions that denote them again.
//
// The formats are those that users of Delve's DAP server know: [Line] writes
// `main.T {A: 1, B: "x"}`, `[]int len: 3, cap: 3, [1,2,3]`, `map[string]int ["a": 1, ]`,
// `error(*main.E) *{Code: 2}`; [Children] names elements `[3]`, the value of a pointer
// nothing, and the keys and values of a map by the key where one of the two is a
// scalar. Where values were left out because of their depth, [Missing] says so, and
// [Address] gives the expression that loads them.
//
// Nothing is read here but through [Style]: Delve's loader decides what is there. The
// package keeps no state. Delve's variables are for one goroutine at a time, and so are
// functions that get one: they are called by whoever the session's gate has let in.
package vars
