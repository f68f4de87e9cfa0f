package main

import (
	"fmt"
	"io"

	"github.com/argusdbg/argus/sched/sim"
)

// draw draws the first 120 ms of each result, one below the other.
func draw(w io.Writer, results []*sim.Result) {
	const (
		until      = 120 * ms
		left, wide = 90, 960 // pixels: names, time
		row, head  = 16, 40
	)
	height := 0
	for _, r := range results {
		height += head + row*len(r.Variables)
	}
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12">`+"\n", left+wide+30, height+30)
	fmt.Fprintf(w, `<rect width="100%%" height="100%%" fill="white"/>`+"\n")
	y := 0
	for i, r := range results {
		fmt.Fprintf(w, `<text x="4" y="%d" font-weight="bold">%s</text>`+"\n", y+head-10, policies[i].name)
		y += head
		for _, o := range r.Variables {
			fmt.Fprintf(w, `<text x="4" y="%d">%s</text>`+"\n", y+row-4, o.Variable.Name)
			fmt.Fprintf(w, `<rect x="%d" y="%d" width="%d" height="%d" fill="#eee"/>`+"\n", left, y+2, wide, row-4)
			for _, s := range o.On {
				if s.From < until {
					from := float64(s.From) * wide / float64(until)
					to := float64(min(s.To, until)) * wide / float64(until)
					fmt.Fprintf(w, `<rect x="%.2f" y="%d" width="%.2f" height="%d" fill="#27c"/>`+"\n", left+from, y+2, to-from, row-4)
				}
			}
			y += row
		}
	}
	for at := 0; at <= int(until/ms); at += 20 {
		fmt.Fprintf(w, `<text x="%d" y="%d" text-anchor="middle">%d ms</text>`+"\n", left+at*wide/int(until/ms), y+18, at)
	}
	fmt.Fprintln(w, "</svg>")
}
