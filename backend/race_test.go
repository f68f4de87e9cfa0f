//go:build race

package backend

// raced: the race detector allocates for what it finds out.
const raced = true
