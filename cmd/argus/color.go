package main

import (
	"os"

	"github.com/argusdbg/argus/internal/tty"
)

// palette writes ANSI colours, or nothing if it is off.
type palette bool

// What things look like (ECMA-48, "SGR").
const (
	dim   = "2"
	bold  = "1"
	red   = "31"
	green = "32"
	cyan  = "36"
)

// append adds text in a colour.
func (p palette) append(dst []byte, sgr, text string) []byte {
	if !p || text == "" {
		return append(dst, text...)
	}
	dst = append(append(append(dst, "\x1b["...), sgr...), 'm')
	return append(append(dst, text...), "\x1b[0m"...)
}

func (p palette) text(sgr, text string) string { return string(p.append(nil, sgr, text)) }

// wantColor decides about colours on f. The user's word comes first, then NO_COLOR
// (no-color.org) and a terminal that has none.
func wantColor(when string, f *os.File) palette {
	switch when {
	case "always":
		return true
	case "never":
		return false
	}
	return palette(os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && tty.Is(f))
}
