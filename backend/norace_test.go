//go:build !race

package backend

const raced = false
